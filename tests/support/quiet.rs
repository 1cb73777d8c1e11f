//! Panics that tests cause on purpose are not printed.

use std::panic;
use std::sync::Once;

/// The first word of a panic that a test wants.
pub(crate) const WANTED: &str = "wanted";

/// Keeps panics whose text begins with [`WANTED`] from being printed; all others are.
pub(crate) fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let text = panic.payload().downcast_ref::<&str>().copied().unwrap_or("");
            if !text.starts_with(WANTED) {
                loud(panic);
            }
        }));
    });
}
