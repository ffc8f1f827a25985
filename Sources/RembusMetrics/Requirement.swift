#if !Server
#error("The broker needs \"Server\" among the traits, as in `swift build --traits Server`; or name no traits.")
#endif
