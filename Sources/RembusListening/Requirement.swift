#if !WITH_TLS
#error("What listens needs TLS: name the trait \"TLS\", or \"Secure\" for keys too, or none.")
#endif
