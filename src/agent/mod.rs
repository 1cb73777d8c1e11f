//! An agent's fate: when it is paused, retried, judged and healed.

#[cfg_attr(not(test), expect(dead_code, reason = "the mesh's fault handling calls it"))]
pub(crate) mod breaker;
pub(crate) mod failure;
#[cfg_attr(not(test), expect(dead_code, reason = "the mesh's fault handling calls it"))]
pub(crate) mod health;
pub(crate) mod retry;
