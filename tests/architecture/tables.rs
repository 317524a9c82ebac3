//! What the architecture allows. A new line is a change of the architecture: it is made here.

use crate::crates::CrateRules;
use crate::layers::Layers;

/// The tables for the crates of this workspace.
pub(crate) const CRATE_RULES: CrateRules = CrateRules {
    may_use: MAY_USE,
    with_feature: WITH_FEATURE,
    kept_to: KEPT_TO,
    pure: PURE,
};

/// Which of our crates each crate may use, tests of it aside.
const MAY_USE: &[(&str, &[&str])] = &[
    ("event-type-syntax", &[]),
    ("contract", &["event-type-syntax"]),
    ("bus", &["contract"]),
    ("client", &["contract"]),
    ("learners", &["contract"]),
    ("models", &[]),
    ("schema", &[]),
    (
        "sdk",
        &["contract", "bus", "schema", "service-kit", "sdk-derive"],
    ),
    ("sdk-derive", &["event-type-syntax"]),
    ("service-kit", &[]),
    ("testkit", &[]),
    ("rules", &["contract", "schema"]),
    ("world-file", &["contract"]),
    ("world", &["contract", "bus", "rules", "service-kit"]),
    (
        "agent-worker",
        &[
            "contract",
            "bus",
            "learners",
            "models",
            "sdk",
            "service-kit",
        ],
    ),
    ("door-kit", &["contract", "bus", "service-kit"]),
    ("door-native", &["contract", "door-kit", "world-file"]),
    ("door-agent-world", &["contract", "door-kit"]),
    ("door-genworlds", &["contract", "door-kit"]),
    ("door-atoms", &["contract", "door-kit"]),
    ("door-console", &["door-kit"]),
    (
        "gateway",
        &[
            "contract",
            "bus",
            "service-kit",
            "door-kit",
            "door-native",
            "door-agent-world",
            "door-genworlds",
            "door-atoms",
            "door-console",
        ],
    ),
    ("persistence", &["contract", "bus", "service-kit"]),
    (
        "manyworlds",
        &[
            "contract",
            "bus",
            "client",
            "service-kit",
            "world",
            "agent-worker",
            "gateway",
            "persistence",
            // `world check` decides offline, as the world would.
            "rules",
            "world-file",
        ],
    ),
];

/// Which of our crates each crate may use beside those, as optional dependencies of a feature that is
/// off by default.
const WITH_FEATURE: &[(&str, &[&str])] = &[
    // `testing`: worlds in memory, for the tests of workers.
    ("sdk", &["rules", "world-file"]),
];

/// The only crates that may use these libraries.
const KEPT_TO: &[(&str, &[&str])] = &[
    ("async-nats", &["bus", "testkit"]),
    ("sqlx", &["persistence", "testkit"]),
    (
        "axum",
        &[
            "gateway",
            "door-kit",
            "door-native",
            "door-agent-world",
            "door-genworlds",
            "door-atoms",
            "door-console",
            "service-kit",
            "testkit",
        ],
    ),
    ("eventsource-stream", &["client"]),
    ("hyper", &["gateway"]),
    ("hyper-util", &["gateway"]),
    ("socket2", &["gateway"]),
    // The gateway fetches the keys of tokens.
    ("reqwest", &["agent-worker", "client", "gateway", "models"]),
    ("jsonwebtoken", &["door-kit"]),
    ("rmcp", &["agent-worker", "testkit"]),
];

/// All that the pure crates may use. No library here does I/O.
const PURE: &[(&str, &[&str])] = &[
    ("event-type-syntax", &[]),
    (
        "contract",
        &[
            "event-type-syntax",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "time",
            "unicode-normalization",
            "utoipa",
            "uuid",
        ],
    ),
    (
        "rules",
        &[
            "chrono",
            "chrono-tz",
            "contract",
            "croner",
            "json-patch",
            "schema",
            "serde",
            "serde_json",
            "serde_path_to_error",
            "uuid",
        ],
    ),
    (
        "learners",
        &["contract", "libm", "nalgebra", "serde_json", "thiserror"],
    ),
    ("schema", &["regex", "serde_json", "thiserror"]),
    (
        "world-file",
        &[
            "contract",
            "granit-parser",
            "serde",
            "serde_json",
            "thiserror",
            "utoipa",
        ],
    ),
];

/// The crates whose features are in layers, `&Layers { crate_name: "rules", … }`.
pub(crate) const LAYERS: &[Layers] = &[Layers {
    crate_name: "rules",
    state: "world",
    layers: &[
        &["rejection", "version", "stored_spec"],
        &["decider", "text", "schemas"],
        &["entities", "event_types", "schedule", "dedup", "quota"],
        &["runs", "dialect", "streams", "presence"],
        &["abilities"],
        &["tools", "interactions"],
        &["chats", "minds", "sessions"],
        &["timers", "behaviours", "flows"],
        // The tables in which all features meet.
        &["entity_checks"],
        &["worlds"],
        &["completion", "apply", "due", "follow_up", "spec"],
        &["commands", "context", "context_scope", "views", "lifecycle"],
        &["step"],
        &["lib"],
    ],
}];
