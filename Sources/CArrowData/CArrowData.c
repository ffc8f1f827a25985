#include "CArrowData.h"
