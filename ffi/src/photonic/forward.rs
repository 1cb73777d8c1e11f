//! Light through a processor.
#![expect(unsafe_code, reason = "exports have C names")]

use ndarray::ArrayView2;

use super::create::ProcessorObject;
use crate::failure::{Failure, fail};
use crate::fence::fence;
use crate::handle::{self, xrmesh_processor};
use crate::status::*;

/// The values that a processor takes and gives.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_processor_shape(
    processor: xrmesh_processor,
    inputs: *mut u32,
    outputs: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        let (inputs, outputs) = (caller.out(inputs, "inputs")?, caller.out(outputs, "outputs")?);
        let held = handle::pin::<ProcessorObject>(processor.bits)?;
        let device = held.enter()?;
        inputs.set(device.inputs() as u32);
        outputs.set(device.outputs() as u32);
        Ok(XRMESH_OK)
    })
}

/// Sends `batch` vectors through a processor, one behind the other in `values`: `batch` × inputs numbers,
/// `batch` × outputs to `outputs`. They are the shots `first_shot` and following, from which their noise
/// follows, however they are batched.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_MISALIGNED,
/// XRMESH_ERROR_SHAPE if `value_count` is not `batch` × inputs, XRMESH_ERROR_ZERO_CAPACITY,
/// XRMESH_ERROR_BUFFER_TOO_SMALL, XRMESH_ERROR_PHOTONIC for a value that is not finite,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_processor_forward(
    processor: xrmesh_processor,
    values: *const f32,
    value_count: u32,
    batch: u32,
    first_shot: u64,
    outputs: *mut f32,
    output_capacity: u32,
) -> xrmesh_status {
    fence!(|caller| {
        let values = caller.slice(values, value_count, "values")?;
        let mut room = caller.room(outputs, output_capacity, "outputs")?;
        let held = handle::pin::<ProcessorObject>(processor.bits)?;
        let mut device = held.enter()?;
        let (inputs, outputs) = (device.inputs(), device.outputs());
        let rows = batch as usize;
        if rows.checked_mul(inputs) != Some(values.len()) {
            fail!(
                XRMESH_ERROR_SHAPE,
                "{value_count} values for {batch} vectors of {inputs}, expected {}",
                rows.saturating_mul(inputs)
            );
        }
        if output_capacity == 0 {
            fail!(XRMESH_ERROR_ZERO_CAPACITY, "outputs has a capacity of 0");
        }
        let needed = rows.saturating_mul(outputs);
        if needed > room.left() {
            fail!(
                XRMESH_ERROR_BUFFER_TOO_SMALL,
                "outputs has room for {output_capacity}, needs {needed}"
            );
        }
        let x = ArrayView2::from_shape((rows, inputs), values)
            .map_err(|error| Failure::new(XRMESH_ERROR_SHAPE, error))?;
        let y = device.forward_batch(x, first_shot)?;
        match y.as_slice() {
            Some(y) => {
                room.push_all(y);
            }
            None => {
                y.iter().all(|&value| room.push(value));
            }
        }
        Ok(XRMESH_OK)
    })
}
