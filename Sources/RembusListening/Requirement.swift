#if !TLS
#error("What listens needs TLS: add \"TLS\" to the traits, as in `swift build --traits TLS`, or name no traits.")
#endif
