import RembusBroker

/// Settings about what is remembered of components.
extension BrokerSettings {
    static let nameKeys: [Key] = [
        whole(
            "max_remembered_names", "REMBUS_MAX_REMEMBERED_NAMES", 0...10_000_000, \.limits.maxOfflineComponents),
        whole(
            "max_remembered_names_per_address", "REMBUS_MAX_REMEMBERED_NAMES_PER_ADDRESS", 1...10_000_000,
            \.limits.maxOfflineComponentsPerAddress),
        whole(
            "max_remembered_bytes", "REMBUS_MAX_REMEMBERED_BYTES", 65536...(1 << 40), \.limits.maxRememberedBytes),
        whole(
            "max_remembered_bytes_per_address", "REMBUS_MAX_REMEMBERED_BYTES_PER_ADDRESS", 65536...(1 << 40),
            \.limits.maxRememberedBytesPerAddress),
        seconds("name_expiry", "REMBUS_NAME_EXPIRY", \.limits.nameExpiry),
    ]

    static let nameMeanings = [
        "max_remembered_names":
            "names without a proof of identity that are remembered while they are away; 0 remembers nobody",
        "max_remembered_names_per_address":
            "those of one address, for IPv6 of one /64 network; also the MQTT sessions of one user",
        "max_remembered_bytes":
            "bytes that subscriptions, exposed methods and remembered names take, as the broker reckons them; an eighth is"
            + " for those who have proven their identity",
        "max_remembered_bytes_per_address": "those of one address without a proof, and of one user with a proof",
        "name_expiry":
            "seconds after which a name without a proof of identity that does not come back is forgotten, with its"
            + " subscriptions; 0 never forgets",
    ]
}
