#ifndef REMBUS_CZEROMQ_H
#define REMBUS_CZEROMQ_H
#include <zmq.h>
#endif
