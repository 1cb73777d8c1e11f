//! The operators' configuration: what is read, what is refused, and how the errors say so.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests may end where they fail")]

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use xrmesh::config::{Config, ConfigError, OptimizationLevel};

/// Every key of the configuration that holds a single value, as path and value.
fn leaves(value: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(table) => {
            for (key, inner) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                leaves(inner, &path, found);
            }
        }
        leaf => found.push((path.to_owned(), leaf.clone())),
    }
}

fn default_leaves() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    leaves(&serde_json::to_value(Config::default()).unwrap(), "", &mut found);
    found
}

/// A document that sets only `path`.
fn only(path: &str, value: Value) -> String {
    path.rsplit('.').fold(value, |inner, key| json!({ key: inner })).to_string()
}

fn set(path: &str, value: impl Into<Value>) -> Result<Config, ConfigError> {
    Config::from_json(&only(path, value.into()))
}

fn error_of(result: Result<Config, ConfigError>) -> String {
    result.expect_err("must be refused").to_string()
}

/// Defaults are a promise to operators: changing one is a change of this file.
#[test]
fn the_defaults_are_the_documented_ones() {
    let documented = include_str!("fixtures/config/defaults.json");
    assert_eq!(Config::from_json(documented), Ok(Config::default()));
    let documented: Value = serde_json::from_str(documented).unwrap();
    assert_eq!(serde_json::to_value(Config::default()).unwrap(), documented);
    assert_eq!(Config::default().validate(), Ok(()));
    assert_eq!(Config::from_json("{}"), Ok(Config::default()));
    assert!(Config::default().without_effect().is_empty());
}

#[test]
fn each_key_can_be_set_alone() {
    for (path, value) in default_leaves() {
        assert_eq!(set(&path, value), Ok(Config::default()), "{path}");
    }
    let config = set("mesh.optimization_level", "basic").unwrap();
    assert_eq!(config.mesh.optimization_level, OptimizationLevel::Basic);
    assert_eq!(set("processing.timeout", 1).unwrap().processing.timeout, Duration::from_secs(1));
    assert_eq!(set("mesh.seed", u64::MAX).unwrap().mesh.seed, u64::MAX);
}

#[test]
fn an_unknown_key_is_named_with_its_path_in_every_section() {
    fn tables(value: &Value, path: &str, found: &mut Vec<String>) {
        if let Value::Object(table) = value {
            found.push(path.to_owned());
            for (key, inner) in table.iter().filter(|(key, _)| *key != "security") {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                tables(inner, &path, found);
            }
        }
    }
    let mut found = Vec::new();
    tables(&serde_json::to_value(Config::default()).unwrap(), "", &mut found);
    assert_eq!(found.len(), 10, "{found:?}");
    for table in found {
        let path = if table.is_empty() { "typo".to_owned() } else { format!("{table}.typo") };
        let error = error_of(set(&path, 1));
        assert!(error.starts_with(&format!("{path}: unknown field `typo`")), "{error}");
    }
}

#[test]
fn a_value_of_the_wrong_type_is_named_with_its_path() {
    for (path, _) in default_leaves() {
        for wrong in [json!(null), json!([1]), json!({}), json!(-1), json!("many"), json!(1e300)] {
            let free_text = ["mesh.id", "logging.format"].contains(&path.as_str());
            if wrong.is_string() && free_text {
                continue;
            }
            let error = error_of(set(&path, wrong.clone()));
            assert!(error.starts_with(&path), "{path} = {wrong}: {error}");
        }
    }
}

/// The documentation of the field that holds the key at the end of `path`, without the commas in
/// its numbers.
fn documentation(path: &str) -> String {
    let files = [
        include_str!("../src/mesh/config/running.rs"),
        include_str!("../src/mesh/config/reliability.rs"),
        include_str!("../src/mesh/config/limits.rs"),
    ];
    let field = format!("    pub {}: ", path.rsplit('.').next().unwrap());
    let lines: Vec<&str> = files.iter().flat_map(|file| file.lines()).collect();
    let at = lines.iter().position(|line| line.starts_with(&field)).expect(path);
    let above = lines[..at].iter().rev().skip_while(|line| line.contains("#[serde"));
    let mut text: Vec<&str> = above.map_while(|line| line.trim().strip_prefix("/// ")).collect();
    text.reverse();
    text.join(" ").replace(',', "")
}

/// Finds each number's range from its error, compares it with the documentation, then tries both
/// ends and what lies beyond.
#[test]
fn each_number_is_refused_outside_its_range_and_accepted_at_its_ends() {
    let mut ranged = 0;
    for (path, value) in default_leaves() {
        if !value.is_number() || path == "mesh.seed" {
            continue;
        }
        let whole = value.is_u64();
        let number = |number: f64| if whole { json!(number as u64) } else { json!(number) };
        let (min, max) = match set(&path, 9e8 as u64) {
            Err(ConfigError::OutOfRange { path: named, given, min, max, .. }) => {
                assert_eq!((named.as_str(), given), (path.as_str(), 9e8));
                (min, max)
            }
            // Bounded by another key instead.
            Err(ConfigError::Above { path: named, .. }) if path.ends_with("base_delay") => {
                assert_eq!(named, path);
                continue;
            }
            other => panic!("{path}: {other:?}"),
        };
        ranged += 1;
        let documented = documentation(&path);
        let default = value.as_f64().unwrap();
        assert!(documented.contains(&format!(" default {default}")), "{path}: {documented}");
        let range = format!("{min} to {max}");
        let a_share = path.ends_with("_rate") && documented.contains("Above 0 up to ");
        assert!(a_share || documented.contains(&range), "{path}: {range}: {documented}");
        for end in [min, max] {
            match set(&path, number(end)) {
                Ok(_) | Err(ConfigError::Above { .. }) => {}
                Err(error) => panic!("{path} = {end}: {error}"),
            }
        }
        let step = if whole { 1.0 } else { 1e-7 };
        let beyond = if min >= step { vec![min - step, max + step] } else { vec![max + step] };
        for outside in beyond {
            match set(&path, number(outside)) {
                Err(ConfigError::OutOfRange { path: named, .. }) => assert_eq!(named, path),
                other => panic!("{path} = {outside}: {other:?}"),
            }
        }
    }
    assert_eq!(ranged, 40);
}

#[test]
fn numbers_that_bound_each_other_name_both_keys() {
    let error = error_of(Config::from_json(
        r#"{"limits": {"max_payload_bytes": 2097152}, "performance": {"memory_pool_size": 1}}"#,
    ));
    let expected = "limits.max_payload_bytes is 2097152 bytes: must not be above \
                    performance.memory_pool_size, 1048576";
    assert_eq!(error, expected);
    let error = error_of(set("reliability.retry.base_delay", 6));
    assert!(error.ends_with("must not be above reliability.retry.max_delay, 5"), "{error}");
    let error = error_of(set("reliability.health.degraded_error_rate", 0.3));
    assert!(error.contains("must not be above reliability.health.critical_error_rate"), "{error}");
}

/// What a document cannot say, a host still can.
#[test]
fn numbers_set_in_code_are_checked_too() {
    let mut config = Config::default();
    for bad in [f64::NAN, f64::INFINITY, -0.1] {
        config.reliability.retry.jitter = bad;
        let error = config.validate().unwrap_err().to_string();
        assert!(error.starts_with(&format!("reliability.retry.jitter is {bad} ")), "{error}");
    }
    let mut config = Config::default();
    config.reliability.breaker.window = Duration::MAX;
    assert!(matches!(config.validate(), Err(ConfigError::OutOfRange { .. })));
    let mut config = Config::default();
    config.mesh.id.clear();
    let error = config.validate().unwrap_err().to_string();
    assert_eq!(error, "mesh.id has 0 bytes: must have 1 to 64");
}

#[test]
fn documents_too_long_too_deep_or_broken_are_refused() {
    let long = format!("{{}}{}", " ".repeat(Config::MAX_DOCUMENT_BYTES));
    assert!(matches!(Config::from_json(&long), Err(ConfigError::TooLong { .. })));
    for broken in ["", "{", "[1]", "3", "{} {}", r#"{"mesh": {}, "mesh": {}}"#] {
        assert!(Config::from_json(broken).is_err(), "{broken}");
    }
    let deep = format!(r#"{{"security": {{"a": {}1{}}}}}"#, "[".repeat(100), "]".repeat(100));
    let error = error_of(Config::from_json(&deep));
    assert!(error.contains("has 9 levels: must have 1 to 8"), "{error}");
    let many = json!({ "security": { "peers": vec![0; 1024] } }).to_string();
    let error = error_of(Config::from_json(&many));
    assert_eq!(error, "security has 1025 entries: must have 0 to 1024");
}

#[test]
fn keys_without_effect_are_listed_once_set() {
    let text = r#"{
        "mesh": {"debug_mode": true, "id": "hall"},
        "processing": {"batch_size": 8, "timeout": 0.001, "max_workers": 2},
        "performance": {"cache_size": 1, "enable_profiling": true, "metrics_interval": 9},
        "logging": {"level": "WARNING", "format": "json"},
        "security": {"z": null, "a": {"b": [1, 2.5, "c", false]}}
    }"#;
    let config = Config::from_json(text).unwrap();
    let batches: &[&str] = if cfg!(feature = "photonic") {
        &[]
    } else {
        &["processing.batch_size", "processing.timeout"]
    };
    let others = [
        "performance.cache_size",
        "performance.enable_profiling",
        "performance.metrics_interval",
        "logging.level",
        "logging.format",
        "security.a",
        "security.z",
    ];
    let expected = [&["mesh.debug_mode"], batches, &others].concat();
    assert_eq!(config.without_effect(), expected);
    assert_eq!(Config::from_json(&config.to_json().unwrap()), Ok(config));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back_the_same(
        nanos in 1_000_000_u64..86_400_000_000_000,
        share in 1e-6..0.05_f64,
        seed: u64,
        agents in 1_u32..=1 << 22,
        id in "[\\PC]{1,16}",
    ) {
        let mut config = Config::default();
        config.mesh.health_check_interval = Duration::from_nanos(nanos);
        config.reliability.health.degraded_error_rate = share;
        (config.mesh.seed, config.mesh.max_agents, config.mesh.id) = (seed, agents, id);
        prop_assert_eq!(Config::from_json(&config.to_json().unwrap()), Ok(config));
    }

    #[test]
    fn no_text_panics(text in "[{}\\[\\]:,\"a-z0-9 .-]{0,60}") {
        _ = Config::from_json(&text);
    }
}

#[cfg(feature = "yaml")]
mod yaml {
    use super::*;
    use xrmesh::config::{LogLevel, Setting};

    #[test]
    fn the_operators_file_is_read_whole() {
        let config = Config::from_yaml(include_str!("fixtures/config/operators.yaml")).unwrap();
        let usual = Config::default();
        assert_eq!(config.mesh.id, "warehouse-3");
        assert_eq!(config.mesh.optimization_level, OptimizationLevel::Maximum);
        assert_eq!((config.mesh.max_agents, config.mesh.seed), (20_000, 42));
        assert_eq!(config.processing.max_workers, 4);
        assert_eq!(config.processing.timeout, Duration::from_micros(5_000));
        assert_eq!(config.reliability, usual.reliability);
        assert_eq!(config.performance, usual.performance);
        assert_eq!(config.limits.explain_capacity, 1_000);
        assert_eq!(config.logging.level, LogLevel::Info);
        assert_eq!(config.security.0.get("tls"), Some(&Setting::Flag(true)));
        let expected =
            ["logging.format", "security.allowed_peers", "security.certificate", "security.tls"];
        assert_eq!(config.without_effect(), expected);
    }

    /// The file shows every key, so an operator can copy any line of it.
    #[test]
    fn the_operators_file_holds_every_key() {
        let text = include_str!("fixtures/config/operators.yaml");
        for (path, _) in default_leaves() {
            let key = path.rsplit('.').next().unwrap();
            assert!(path == "security" || text.contains(&format!("{key}: ")), "{path}");
        }
    }

    #[test]
    fn faults_are_named_with_path_value_and_limit() {
        let cases = [
            ("reliability:\n  retry:\n    bse_delay: 1\n", "reliability.retry.bse_delay: "),
            ("reliability:\n  retry:\n    jitter: .nan\n", "reliability.retry.jitter is NaN "),
            ("processing:\n  timeout: .nan\n", "processing.timeout: "),
            ("processing:\n  timeout: .inf\n", "processing.timeout: "),
            ("processing:\n  timeout: -0.5\n", "processing.timeout: "),
            ("mesh:\n  max_agents: 0\n", "mesh.max_agents is 0 agents: must be 1 to 4194304"),
            ("mesh:\n  max_agents: -3\n", "mesh.max_agents: "),
            ("mesh:\n  max_agents: many\n", "mesh.max_agents: "),
            ("mesh:\n  optimization_level: turbo\n", "mesh.optimization_level: "),
            ("security:\n  weight: .nan\n", "security.weight: "),
        ];
        for (text, expected) in cases {
            let error = error_of(Config::from_yaml(text));
            assert!(error.starts_with(expected), "{text}: {error}");
            assert!(!error.contains('\n'), "{text}: one line, not {error}");
        }
    }

    #[test]
    fn broken_documents_are_refused() {
        let bomb = "security:\n  a: &a [x, x, x, x, x, x, x, x, x]\n  b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n  \
                    c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n  d: [*c, *c, *c, *c, *c, *c, *c, *c, *c]\n";
        for text in
            ["mesh: {", "- 1\n", "3", "mesh: {}\n---\nmesh: {}\n", "mesh: {}\nmesh: {}\n", bomb]
        {
            let error = error_of(Config::from_yaml(text));
            assert!(!error.contains('\n'), "{text}: one line, not {error}");
        }
        let long = " ".repeat(Config::MAX_DOCUMENT_BYTES + 1);
        assert!(matches!(Config::from_yaml(&long), Err(ConfigError::TooLong { .. })));
    }

    #[test]
    fn an_empty_document_is_the_defaults() {
        for text in ["", "# nothing set\n", "{}"] {
            assert_eq!(Config::from_yaml(text), Ok(Config::default()), "{text:?}");
        }
    }
}
