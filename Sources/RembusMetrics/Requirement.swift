#if !WITH_SERVER
#error("The broker needs \"Server\" among the traits, as in `swift build --traits Server`; or name none.")
#endif
