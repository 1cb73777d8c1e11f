//! The configuration of a mesh, as operators write it.
//!
//! 1. A document may leave out any section and any key: what it leaves out has its default.
//!    A list in place of a section's table gives its keys in their order here, as in any serde format.
//! 2. A key that does not exist is an error that names its full path, so a typing error never means
//!    a default. Only the section `security` is open, since its keys are the node service's.
//! 3. Whatever was read is validated: an error names the key, the value given and what is allowed.
//!    A [`Config`] built in Rust is validated by [`Config::validate`], which making a mesh does.
//! 4. Each field says its unit, default, range, memory and effect. A key without effect in the
//!    library says so, and [`Config::without_effect`] lists those that were set.
//! 5. Durations are seconds in a document (`0.005`) and [`Duration`](core::time::Duration)s here, to
//!    the nearest nanosecond. All of them pass in mesh time, the time that `tick` is told.
//! 6. [`OptimizationLevel`] and `processing.max_workers` never change a result.
//!
//! An operators' file in full:
//!
#![doc = concat!("```yaml\n", include_str!("../../../tests/fixtures/config/operators.yaml"), "```")]

mod error;
mod kept;
mod level;
mod limits;
mod range;
mod reliability;
mod running;
mod seconds;

pub use error::ConfigError;
pub use kept::{LogLevel, LoggingConfig, SecurityConfig, Setting};
pub use level::{LevelNumbers, OptimizationLevel};
pub use limits::LimitsConfig;
pub use reliability::{BreakerConfig, HealthConfig, ReliabilityConfig, RetryConfig};
pub use running::{MeshConfig, PerformanceConfig, ProcessingConfig};

use core::num::NonZeroU32;

use serde::{Deserialize, Deserializer, Serialize};

use crate::random::Counter;

/// The configuration of a mesh. Its default is valid.
///
/// ```
/// use xrmesh::config::{Config, LimitsConfig};
/// let config = Config::from_json(r#"{ "mesh": { "max_agents": 100000 } }"#)?;
/// assert_eq!(config.mesh.max_agents, 100_000);
/// assert_eq!(config.reliability.circuit_breaker_threshold, 5);
///
/// let built = Config {
///     limits: LimitsConfig { explain_capacity: 1000, ..LimitsConfig::default() },
///     ..Config::default()
/// };
/// built.validate()?;
///
/// let error = Config::from_json(r#"{ "limits": { "max_lane": 3 } }"#).unwrap_err().to_string();
/// assert!(error.starts_with("limits.max_lane: unknown field"), "{error}");
/// let error = Config::from_json(r#"{ "limits": { "max_lanes": 0 } }"#).unwrap_err().to_string();
/// assert_eq!(error, "limits.max_lanes is 0 lanes: must be 1 to 1024");
/// # Ok::<(), xrmesh::config::ConfigError>(())
/// ```
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Which mesh this is, and how large it may grow.
    pub mesh: MeshConfig,
    /// How a tick works.
    pub processing: ProcessingConfig,
    /// When an agent is paused, retried, judged and healed.
    pub reliability: ReliabilityConfig,
    /// Memory, and what is measured.
    pub performance: PerformanceConfig,
    /// How much of everything the mesh holds at most.
    pub limits: LimitsConfig,
    /// What the node service logs. No effect in the library.
    pub logging: LoggingConfig,
    /// The node service's security settings. No effect in the library.
    pub security: SecurityConfig,
}

impl Config {
    /// The longest document that is parsed, in bytes.
    pub const MAX_DOCUMENT_BYTES: usize = 1 << 20;

    /// Reads and validates a JSON document.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] where the text is too long or no JSON, a key is unknown, or a value is of the
    /// wrong type or out of range.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        bounded(text)?;
        let mut document = serde_json::Deserializer::from_str(text);
        let config = Self::from_deserializer(&mut document)?;
        let end = document.end();
        end.map_err(|error| malformed(".".to_owned(), error))?;
        Ok(config)
    }

    /// Reads and validates a YAML document. Needs the feature `yaml`. A document whose anchors expand
    /// to much more than its text is refused.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Self::from_json).
    #[cfg(feature = "yaml")]
    pub fn from_yaml(text: &str) -> Result<Self, ConfigError> {
        bounded(text)?;
        let mut read = Err(malformed(".".to_owned(), "an empty document"));
        let options = serde_saphyr::options! { with_snippet: false };
        let parsed =
            serde_saphyr::with_deserializer_from_str_with_options(text, options, |document| {
                read = Self::from_deserializer(document);
                Ok(())
            });
        let config = read?;
        parsed.map_err(|error| malformed(".".to_owned(), error))?;
        Ok(config)
    }

    /// Reads and validates a document of any format that describes itself, through its serde
    /// deserializer.
    ///
    /// ```
    /// use xrmesh::config::Config;
    /// let value = serde_json::json!({ "processing": { "timeout": 0.002 } });
    /// let config = Config::from_deserializer(value)?;
    /// assert_eq!(config.processing.timeout.as_micros(), 2_000);
    /// # Ok::<(), xrmesh::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError`] where the document does not parse, a key is unknown, or a value is of the
    /// wrong type or out of range.
    pub fn from_deserializer<'de, D: Deserializer<'de>>(document: D) -> Result<Self, ConfigError> {
        let read: Result<Self, _> = serde_path_to_error::deserialize(document);
        let config = read.map_err(|error| malformed(error.path().to_string(), error.inner()))?;
        config.validate()?;
        Ok(config)
    }

    /// Writes all keys as one line of JSON, from which [`from_json`](Self::from_json) reads the same
    /// configuration.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Malformed`] where the configuration cannot be written, which no valid one is.
    pub fn to_json(&self) -> Result<String, ConfigError> {
        serde_json::to_string(self).map_err(|error| malformed(".".to_owned(), error))
    }

    /// Checks every key against its range.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for the first key, in the order of the fields, that is out of its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.mesh.validate()?;
        self.processing.validate()?;
        self.reliability.validate()?;
        self.performance.validate()?;
        self.limits.validate(self.performance.payload_bytes())?;
        self.logging.validate()?;
        self.security.validate()
    }

    /// The paths of the keys that have no effect in the library and are not at their default, so
    /// that a host can tell its operator.
    ///
    /// ```
    /// use xrmesh::config::Config;
    /// let text = r#"{ "logging": { "level": "debug" }, "security": { "tls": true } }"#;
    /// let config = Config::from_json(text)?;
    /// assert_eq!(config.without_effect(), ["logging.level", "security.tls"]);
    /// # Ok::<(), xrmesh::config::ConfigError>(())
    /// ```
    #[must_use]
    pub fn without_effect(&self) -> Vec<String> {
        let usual = Self::default();
        let (processing, performance) = (&self.processing, &self.performance);
        let keys = [
            ("mesh.debug_mode", self.mesh.debug_mode != usual.mesh.debug_mode),
            (
                "processing.batch_size",
                !THINKS && processing.batch_size != usual.processing.batch_size,
            ),
            ("processing.timeout", !THINKS && processing.timeout != usual.processing.timeout),
            ("performance.cache_size", performance.cache_size != usual.performance.cache_size),
            (
                "performance.enable_profiling",
                performance.enable_profiling != usual.performance.enable_profiling,
            ),
            (
                "performance.metrics_interval",
                performance.metrics_interval != usual.performance.metrics_interval,
            ),
            ("logging.level", self.logging.level != usual.logging.level),
            ("logging.format", self.logging.format != usual.logging.format),
        ];
        let fixed = keys.into_iter().filter(|(_, set)| *set).map(|(path, _)| path.to_owned());
        fixed.chain(self.security.0.keys().map(|key| format!("security.{key}"))).collect()
    }

    /// Where the generations of this mesh's agent ids start, from `mesh.id` and `mesh.seed`. Two meshes
    /// that differ in either have the same salt with probability 2⁻³².
    ///
    /// ```
    /// use xrmesh::config::{Config, MeshConfig};
    /// let named = |id: &str| Config {
    ///     mesh: MeshConfig { id: id.to_owned(), ..MeshConfig::default() },
    ///     ..Config::default()
    /// };
    /// assert_eq!(named("hall").generation_salt(), named("hall").generation_salt());
    /// assert_ne!(named("hall").generation_salt(), named("yard").generation_salt());
    /// ```
    #[must_use]
    pub fn generation_salt(&self) -> NonZeroU32 {
        /// The first stream word of this use of the seed.
        const STREAM: u32 = u32::from_be_bytes(*b"salt");
        let id = self.mesh.id.as_bytes();
        let start = Counter::new(self.mesh.seed, [STREAM, id.len() as u32]);
        let named = id.chunks(8).fold(start, |counter, chunk| {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            counter.derive(u64::from_le_bytes(bytes))
        });
        let [salt, ..] = named.u32x4(0);
        NonZeroU32::new(salt).unwrap_or(NonZeroU32::MIN)
    }
}

/// Whether agents can think with processors.
const THINKS: bool = cfg!(feature = "photonic");

fn bounded(text: &str) -> Result<(), ConfigError> {
    let (given, max) = (text.len(), Config::MAX_DOCUMENT_BYTES);
    if given > max { Err(ConfigError::TooLong { given, max }) } else { Ok(()) }
}

fn malformed(path: String, reason: impl ToString) -> ConfigError {
    ConfigError::Malformed { path, reason: reason.to_string() }
}
