//! Histograms for the host's own measurements, such as its frames' times.
#![expect(unsafe_code, reason = "exports have C names")]

use std::sync::{Arc, Mutex};

use xrmesh::Histogram;

use crate::failure::fail;
use crate::fence::fence;
use crate::handle::{self, Kind, Object, xrmesh_histogram};
use crate::mesh::create;
use crate::mesh::sender::enter;
use crate::status::*;

/// What a histogram's handle stands for.
pub(crate) struct HistogramObject(Mutex<Histogram>);

impl Object for HistogramObject {
    const KIND: Kind = Kind::Histogram;
}

/// Makes an empty histogram of 30 KB: counts of values from which quantiles can be had, off by less than
/// 1 %.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_histogram_create(
    histogram: *mut xrmesh_histogram,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(histogram, "histogram")?;
        let object = HistogramObject(Mutex::new(Histogram::new()));
        out.set(xrmesh_histogram { bits: handle::insert(Arc::new(object))? });
        Ok(XRMESH_OK)
    })
}

/// Destroys a histogram.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_histogram_destroy(histogram: xrmesh_histogram) -> xrmesh_status {
    fence!(|_caller| create::destroy::<HistogramObject>(histogram.bits))
}

/// Counts `value` `times` times.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_BUSY, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_histogram_record(
    histogram: xrmesh_histogram,
    value: u64,
    times: u64,
) -> xrmesh_status {
    fence!(|_caller| {
        let held = handle::pin::<HistogramObject>(histogram.bits)?;
        enter(&held.0, "histogram")?.record_many(value, times);
        Ok(XRMESH_OK)
    })
}

/// The value at `fraction`: 0 is the least, 0.5 the median, 1 the greatest. `count`, which is optional,
/// gets how many values were counted.
///
/// One at a time.
///
/// Returns XRMESH_NONE if nothing was counted.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_OUT_OF_RANGE,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_histogram_quantile(
    histogram: xrmesh_histogram,
    fraction: f64,
    value: *mut u64,
    count: *mut u64,
) -> xrmesh_status {
    fence!(|caller| {
        let (value, count) = (caller.out(value, "value")?, caller.optional_out(count));
        if !(0.0..=1.0).contains(&fraction) {
            fail!(XRMESH_ERROR_OUT_OF_RANGE, "a fraction of {fraction}, expected 0 to 1");
        }
        let held = handle::pin::<HistogramObject>(histogram.bits)?;
        let counts = enter(&held.0, "histogram")?;
        if let Some(count) = count {
            count.set(counts.count());
        }
        // The ends are exact.
        let found = match fraction {
            0.0 => counts.min(),
            1.0 => counts.max(),
            _ => counts.quantile(fraction),
        };
        match found {
            Some(found) => {
                value.set(found);
                Ok(XRMESH_OK)
            }
            None => Ok(XRMESH_NONE),
        }
    })
}

/// Forgets all values.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_BUSY, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_histogram_clear(histogram: xrmesh_histogram) -> xrmesh_status {
    fence!(|_caller| {
        let held = handle::pin::<HistogramObject>(histogram.bits)?;
        enter(&held.0, "histogram")?.clear();
        Ok(XRMESH_OK)
    })
}

/// Adds what another histogram counted. Adding one to itself is XRMESH_ERROR_BUSY.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_BUSY, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_histogram_merge(
    histogram: xrmesh_histogram,
    other: xrmesh_histogram,
) -> xrmesh_status {
    fence!(|_caller| {
        let held = handle::pin::<HistogramObject>(histogram.bits)?;
        let other = handle::pin::<HistogramObject>(other.bits)?;
        let mut counts = enter(&held.0, "histogram")?;
        counts.merge(&*enter(&other.0, "histogram")?);
        Ok(XRMESH_OK)
    })
}
