//! Sections that the library keeps for the node service and does not act on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::ConfigError;
use super::range;

/// What the node service logs. No effect in the library, which does not log; kept for the node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoggingConfig {
    /// The least severe event that is logged. Default `info`. No effect in the library.
    pub level: LogLevel,
    /// How an event is written, in the node's terms. 1 to 1,024 bytes, default `text`. No effect in
    /// the library.
    pub format: String,
}

impl Default for LoggingConfig {
    fn default() -> Self {
        Self { level: LogLevel::default(), format: "text".to_owned() }
    }
}

impl LoggingConfig {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        range::size("logging.format", self.format.len(), 1..=1024, "bytes")
    }
}

/// How severe an event is. Read in lower or upper case.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something failed. Also read from `critical`.
    #[serde(alias = "ERROR", alias = "critical", alias = "CRITICAL")]
    Error,
    /// Something may fail. Also read from `warning`.
    #[serde(alias = "WARN", alias = "warning", alias = "WARNING")]
    Warn,
    /// Something worth a line happened.
    #[default]
    #[serde(alias = "INFO")]
    Info,
    /// For the one who looks for a fault.
    #[serde(alias = "DEBUG")]
    Debug,
    /// Everything.
    #[serde(alias = "TRACE")]
    Trace,
}

/// The node service's security settings, whatever they are: the library opens no connection and
/// has nothing to secure, so it keeps them as they are. At most [`MAX_SETTINGS`](Self::MAX_SETTINGS)
/// values, [`MAX_DEPTH`](Self::MAX_DEPTH) levels deep, all numbers finite.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecurityConfig(pub BTreeMap<String, Setting>);

impl SecurityConfig {
    /// The most values that are kept, those inside lists and tables included.
    pub const MAX_SETTINGS: usize = 1024;
    /// The most levels of lists and tables inside each other.
    pub const MAX_DEPTH: usize = 8;

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let mut settings = 0;
        for (key, setting) in &self.0 {
            setting.validate(&format!("security.{key}"), 1, &mut settings)?;
        }
        Ok(())
    }
}

/// A value that the library keeps without knowing its meaning.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Setting {
    /// A key without a value.
    Absent,
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// Any other number; finite.
    Number(f64),
    /// A text.
    Text(String),
    /// Several values.
    List(Vec<Self>),
    /// Named values.
    Table(BTreeMap<String, Self>),
}

impl Setting {
    fn validate(&self, path: &str, depth: usize, settings: &mut usize) -> Result<(), ConfigError> {
        *settings += 1;
        range::size("security", *settings, 0..=SecurityConfig::MAX_SETTINGS, "entries")?;
        range::size(path, depth, 1..=SecurityConfig::MAX_DEPTH, "levels")?;
        match self {
            Self::Absent | Self::Flag(_) | Self::Whole(_) | Self::Text(_) => Ok(()),
            Self::Number(number) => range::number(path, *number, f64::MIN..=f64::MAX, ""),
            Self::List(list) => {
                let mut items = list.iter().enumerate();
                items.try_for_each(|(index, item)| {
                    item.validate(&format!("{path}[{index}]"), depth + 1, settings)
                })
            }
            Self::Table(table) => {
                let mut items = table.iter();
                items.try_for_each(|(key, item)| {
                    item.validate(&format!("{path}.{key}"), depth + 1, settings)
                })
            }
        }
    }
}
