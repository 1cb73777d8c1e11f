//! The section `reliability`: breakers, retries and health.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::ConfigError;
use super::{range, seconds};
use crate::agent::breaker::BreakerPolicy;
use crate::agent::health::HealthPolicy;
use crate::agent::{RetryError, RetryPolicy};

/// The section `reliability`: when an agent is paused, retried, judged and healed. All times are
/// mesh time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReliabilityConfig {
    /// Failures within [`breaker.window`](BreakerConfig::window) that pause an agent. 1 to 255,
    /// default 5.
    pub circuit_breaker_threshold: u32,
    /// Attempts at a delivery that asked for retries, the first included. 1 to 32, default 3.
    pub retry_max_attempts: u32,
    /// How fast the past fades from an agent's health, in seconds: what happened n intervals ago
    /// weighs 2⁻ⁿ. 0.001 to 86,400, default 5.
    #[serde(with = "seconds")]
    pub health_monitor_interval: Duration,
    /// The breaker's other numbers.
    pub breaker: BreakerConfig,
    /// The pauses between attempts.
    pub retry: RetryConfig,
    /// The thresholds of health.
    pub health: HealthConfig,
}

/// The section `reliability.breaker`. A breaker takes 32 bytes, for agents that failed lately.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerConfig {
    /// The time within which failures add up, in seconds. 0.001 to 86,400, default 60. Counted in
    /// sixteenths: what lies within 15/16 of it always adds up, what lies further apart never.
    #[serde(with = "seconds")]
    pub window: Duration,
    /// How long a paused agent gets nothing, in seconds. 0.001 to 86,400, default 30.
    #[serde(with = "seconds")]
    pub open: Duration,
    /// Messages that it must then handle without a failure to be trusted again. 1 to 255, default 3.
    pub probes: u32,
}

/// The section `reliability.retry`: the pause before attempt n (from 2) is
/// min(`max_delay`, `base_delay` · `factor`ⁿ⁻²), less up to `jitter` of it by chance.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryConfig {
    /// The pause before the second attempt, in seconds. 0 to `max_delay`, default 0.05. Below the time
    /// of a tick it means the next tick.
    #[serde(with = "seconds")]
    pub base_delay: Duration,
    /// Growth of the pause from one attempt to the next. 1 to 16, default 2.
    pub factor: f64,
    /// The part of a pause that chance may take off. 0 to 1, default 0.25.
    pub jitter: f64,
    /// The longest pause, in seconds. 0 to 86,400, default 5.
    #[serde(with = "seconds")]
    pub max_delay: Duration,
}

/// The section `reliability.health`: shares of an agent's messages that fail or come late, from 0
/// to 1.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HealthConfig {
    /// The share of failed messages from which an agent is degraded. Above 0, up to
    /// `critical_error_rate`, default 0.05.
    pub degraded_error_rate: f64,
    /// The share of failed messages from which it is critical. Above 0, up to `failed_error_rate`,
    /// default 0.25.
    pub critical_error_rate: f64,
    /// The share of failed messages from which it has failed. Above 0, up to 1, default 0.75.
    pub failed_error_rate: f64,
    /// How long a message may wait before it counts as late, in seconds. 0.0001 to 86,400, default 0.1.
    #[serde(with = "seconds")]
    pub late_after: Duration,
    /// The share of late messages from which it is degraded. Above 0, up to `critical_late_rate`,
    /// default 0.1.
    pub degraded_late_rate: f64,
    /// The share of late messages from which it is critical. Above 0, up to 1, default 0.5.
    pub critical_late_rate: f64,
    /// How far a share must fall before a state is left, as a part of the state's threshold. 0.01 to
    /// 1, default 0.5; 1 lets a share that wavers about a threshold change the state each time.
    pub release: f64,
    /// Messages that an agent must have had lately before it is judged. 1 to 1,000,000, default 16.
    pub min_messages: u32,
    /// Calm checks in a row that better the state. 1 to 255, default 3.
    pub calm_checks: u32,
}

impl Default for ReliabilityConfig {
    fn default() -> Self {
        Self {
            circuit_breaker_threshold: 5,
            retry_max_attempts: 3,
            health_monitor_interval: Duration::from_secs(5),
            breaker: BreakerConfig::default(),
            retry: RetryConfig::default(),
            health: HealthConfig::default(),
        }
    }
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self { window: Duration::from_secs(60), open: Duration::from_secs(30), probes: 3 }
    }
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            base_delay: Duration::from_millis(50),
            factor: 2.0,
            jitter: 0.25,
            max_delay: Duration::from_secs(5),
        }
    }
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            degraded_error_rate: 0.05,
            critical_error_rate: 0.25,
            failed_error_rate: 0.75,
            late_after: Duration::from_millis(100),
            degraded_late_rate: 0.1,
            critical_late_rate: 0.5,
            release: 0.5,
            min_messages: 16,
            calm_checks: 3,
        }
    }
}

impl ReliabilityConfig {
    /// The policy of retries.
    ///
    /// # Errors
    ///
    /// [`RetryError`] where the section was not validated and is out of range.
    pub fn retry_policy(&self) -> Result<RetryPolicy, RetryError> {
        let RetryConfig { base_delay, factor, jitter, max_delay } = self.retry;
        RetryPolicy::new(self.retry_max_attempts, base_delay, factor, jitter, max_delay)
    }

    pub(crate) fn breaker_policy(&self) -> BreakerPolicy {
        let BreakerConfig { window, open, probes } = self.breaker;
        BreakerPolicy::new(self.circuit_breaker_threshold, window, open, probes)
    }

    pub(crate) fn health_policy(&self) -> HealthPolicy {
        let HealthConfig {
            degraded_error_rate,
            critical_error_rate,
            failed_error_rate,
            degraded_late_rate,
            critical_late_rate,
            release,
            min_messages,
            calm_checks,
            ..
        } = self.health;
        HealthPolicy {
            errors: [degraded_error_rate, critical_error_rate, failed_error_rate].map(millionths),
            late: [degraded_late_rate, critical_late_rate].map(millionths),
            release: millionths(release),
            min_messages,
            calm_checks: u8::try_from(calm_checks).unwrap_or(u8::MAX),
        }
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let threshold = 1..=BreakerPolicy::MAX_THRESHOLD;
        let path = "reliability.circuit_breaker_threshold";
        range::whole(path, self.circuit_breaker_threshold, threshold, "failures")?;
        let path = "reliability.retry_max_attempts";
        range::whole(path, self.retry_max_attempts, RetryPolicy::ATTEMPTS, "attempts")?;
        let path = "reliability.health_monitor_interval";
        range::seconds(path, self.health_monitor_interval, 0.001..=86_400.0)?;
        self.breaker.validate()?;
        self.retry.validate()?;
        self.health.validate()
    }
}

impl BreakerConfig {
    fn validate(&self) -> Result<(), ConfigError> {
        range::seconds("reliability.breaker.window", self.window, 0.001..=86_400.0)?;
        range::seconds("reliability.breaker.open", self.open, 0.001..=86_400.0)?;
        let probes = 1..=BreakerPolicy::MAX_PROBES;
        range::whole("reliability.breaker.probes", self.probes, probes, "messages")
    }
}

impl RetryConfig {
    fn validate(&self) -> Result<(), ConfigError> {
        range::number("reliability.retry.factor", self.factor, RetryPolicy::FACTOR, "times")?;
        range::number("reliability.retry.jitter", self.jitter, RetryPolicy::JITTER, "of a pause")?;
        let longest = RetryPolicy::LONGEST.as_secs_f64();
        range::seconds("reliability.retry.max_delay", self.max_delay, 0.0..=longest)?;
        let (base, max) = (self.base_delay.as_secs_f64(), self.max_delay.as_secs_f64());
        let bound = "reliability.retry.max_delay";
        range::not_above("reliability.retry.base_delay", base, bound, max, "s")
    }
}

impl HealthConfig {
    fn validate(&self) -> Result<(), ConfigError> {
        const DEGRADED: &str = "reliability.health.degraded_error_rate";
        const CRITICAL: &str = "reliability.health.critical_error_rate";
        const FAILED: &str = "reliability.health.failed_error_rate";
        const DEGRADED_LATE: &str = "reliability.health.degraded_late_rate";
        const CRITICAL_LATE: &str = "reliability.health.critical_late_rate";
        let shares = [
            (DEGRADED, self.degraded_error_rate),
            (CRITICAL, self.critical_error_rate),
            (FAILED, self.failed_error_rate),
            (DEGRADED_LATE, self.degraded_late_rate),
            (CRITICAL_LATE, self.critical_late_rate),
        ];
        for (path, share) in shares {
            // A millionth is the finest that the policy can tell from nothing.
            range::number(path, share, 1e-6..=1.0, "of its messages")?;
        }
        let ladders = [
            (DEGRADED, self.degraded_error_rate, CRITICAL, self.critical_error_rate),
            (CRITICAL, self.critical_error_rate, FAILED, self.failed_error_rate),
            (DEGRADED_LATE, self.degraded_late_rate, CRITICAL_LATE, self.critical_late_rate),
        ];
        for (path, share, bound, limit) in ladders {
            range::not_above(path, share, bound, limit, "of its messages")?;
        }
        range::seconds("reliability.health.late_after", self.late_after, 0.0001..=86_400.0)?;
        range::number("reliability.health.release", self.release, 0.01..=1.0, "of a threshold")?;
        let path = "reliability.health.min_messages";
        range::whole(path, self.min_messages, 1..=1_000_000, "messages")?;
        range::whole("reliability.health.calm_checks", self.calm_checks, 1..=255, "checks")
    }
}

/// A share from 0 to 1 in millionths, rounded to the nearest.
fn millionths(share: f64) -> u32 {
    (share * 1e6).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policies_carry_the_configured_numbers() {
        let config = ReliabilityConfig::default();
        let expected = BreakerPolicy::new(5, Duration::from_secs(60), Duration::from_secs(30), 3);
        assert_eq!(config.breaker_policy(), expected);
        let health = config.health_policy();
        assert_eq!(health.errors, [50_000, 250_000, 750_000]);
        assert_eq!((health.late, health.release), ([100_000, 500_000], 500_000));
        assert_eq!((health.min_messages, health.calm_checks), (16, 3));
        assert_eq!(config.retry_policy().map(|policy| policy.attempts()), Ok(3));
    }

    /// Whatever the section's validation lets through makes a retry policy.
    #[test]
    fn a_valid_section_makes_a_retry_policy() {
        let mut config = ReliabilityConfig::default();
        for (factor, jitter, max) in [(1.0, 0.0, 0), (16.0, 1.0, 86_400)] {
            config.retry = RetryConfig {
                base_delay: Duration::from_secs(max),
                factor,
                jitter,
                max_delay: Duration::from_secs(max),
            };
            assert_eq!(config.validate(), Ok(()));
            assert!(config.retry_policy().is_ok());
        }
    }
}
