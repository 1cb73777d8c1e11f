//! The header is what its sources say, and compilers take it.
//!
//! `XRMESH_WRITE=1 cargo test -p xrmesh-ffi --test header` writes the generated files anew.
#![expect(clippy::unwrap_used, reason = "tests")]

mod compilers;

use std::path::Path;
use std::process::Command;

use compilers::{Language, compilers, scratch};
use xrmesh_ffi::callback::agent::xrmesh_callbacks;
use xrmesh_ffi::callback::see::xrmesh_moment;
use xrmesh_ffi::callback::types::xrmesh_agent_type;
use xrmesh_ffi::handle::{
    xrmesh_checkpoint, xrmesh_context, xrmesh_frame, xrmesh_histogram, xrmesh_lane, xrmesh_memory,
    xrmesh_mesh, xrmesh_processor, xrmesh_replay, xrmesh_sender, xrmesh_snapshot,
    xrmesh_subscription, xrmesh_workspace,
};
use xrmesh_ffi::log::xrmesh_log_record;
use xrmesh_ffi::memory::age::{xrmesh_aged, xrmesh_observer};
use xrmesh_ffi::memory::anchors::xrmesh_anchor;
use xrmesh_ffi::memory::areas::{xrmesh_area, xrmesh_area_shape};
use xrmesh_ffi::memory::batch::xrmesh_range;
use xrmesh_ffi::memory::classes::xrmesh_class_options;
use xrmesh_ffi::memory::content::{xrmesh_object, xrmesh_observation, xrmesh_point};
use xrmesh_ffi::memory::create::xrmesh_recovery;
use xrmesh_ffi::memory::feed::xrmesh_notice;
use xrmesh_ffi::memory::filter::xrmesh_filter;
use xrmesh_ffi::memory::fusion::xrmesh_fused;
use xrmesh_ffi::memory::map::{xrmesh_exported, xrmesh_imported};
use xrmesh_ffi::memory::options::xrmesh_memory_options;
use xrmesh_ffi::memory::publish::{xrmesh_departure, xrmesh_memory_stats, xrmesh_published};
use xrmesh_ffi::memory::query::{xrmesh_found, xrmesh_ray_hit};
use xrmesh_ffi::memory::shapes::{xrmesh_box, xrmesh_frustum, xrmesh_oriented_box, xrmesh_ray};
use xrmesh_ffi::memory::snapshot::xrmesh_snapshot_state;
use xrmesh_ffi::memory::store::xrmesh_checkpoint_progress;
use xrmesh_ffi::memory::verify::{xrmesh_compacted, xrmesh_store_report};
use xrmesh_ffi::mesh::agents::xrmesh_spawn_options;
use xrmesh_ffi::mesh::create::xrmesh_mesh_options;
use xrmesh_ffi::mesh::driver::{xrmesh_driver_options, xrmesh_driver_report};
use xrmesh_ffi::mesh::health::xrmesh_health_event;
use xrmesh_ffi::mesh::lease::xrmesh_frame_view;
use xrmesh_ffi::mesh::poll::xrmesh_poll_result;
use xrmesh_ffi::mesh::record::xrmesh_recording;
use xrmesh_ffi::mesh::state::xrmesh_counters;
use xrmesh_ffi::mesh::submit::xrmesh_submit_result;
use xrmesh_ffi::mesh::tick::xrmesh_tick_report;
use xrmesh_ffi::message::{xrmesh_message, xrmesh_send};
use xrmesh_ffi::photonic::create::{xrmesh_layer, xrmesh_processor_options};
use xrmesh_ffi::photonic::energy::{xrmesh_energy, xrmesh_parts};
use xrmesh_ffi::pose::xrmesh_pose;
use xrmesh_ffi::region::xrmesh_region;
use xrmesh_ffi::replay::{
    xrmesh_named_processor, xrmesh_named_type, xrmesh_replay_options, xrmesh_replay_tick,
};
use xrmesh_ffi::stream::{xrmesh_reader, xrmesh_writer};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn generated() -> String {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    // It follows the modules from there.
    let builder = cbindgen::Builder::new().with_config(config).with_src(root().join("src/lib.rs"));
    let mut text = Vec::new();
    builder.generate().unwrap().write(&mut text);
    String::from_utf8(text).unwrap()
}

/// Compares a committed file with what it should be, or writes it.
fn committed(path: &Path, expected: &str) {
    if std::env::var_os("XRMESH_WRITE").is_some() {
        std::fs::write(path, expected).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is not what ffi/src gives: run `XRMESH_WRITE=1 cargo test -p xrmesh-ffi --test header`",
        path.display()
    );
}

#[test]
fn the_header_is_what_the_sources_give() {
    committed(&root().join("../include/xrmesh.h"), &generated());
}

/// Sizes and offsets on systems whose pointers have 8 bytes, line by line: what other languages' views are
/// compared with, too. A line that is there is never changed.
macro_rules! layouts {
    ($($name:ident { $($field:ident),+ })+) => {
        fn layout() -> String {
            let mut text = String::new();
            $(
                text += &format!("{} {}\n", stringify!($name), size_of::<$name>());
                $(text += &format!(
                    "{}.{} {}\n",
                    stringify!($name),
                    stringify!($field),
                    core::mem::offset_of!($name, $field)
                );)+
            )+
            text
        }
    };
}

layouts! {
    xrmesh_aged { aged, faded }
    xrmesh_agent_type { struct_size, flags, user_data, create, drop }
    xrmesh_anchor { id, parent, pose, world_pose, name_len, reserved }
    xrmesh_area { struct_size, up_axis, name, kind, properties, corners, name_len, kind_len, properties_len, corner_count }
    xrmesh_area_shape { id, up_axis, name_len, kind_len, properties_len, corner_count }
    xrmesh_box { low, high }
    xrmesh_callbacks { struct_size, flags, user_data, on_start, on_message, on_tick, on_stop, hash_state, drop }
    xrmesh_checkpoint { bits }
    xrmesh_checkpoint_progress { bytes, through, is_written, reserved }
    xrmesh_class_options { struct_size, merge_after, gate_m, overlap_weight, gain, max_speed_m_s, merge_distance_m, restore, least_persistence, reserved, prediction_ns, patience_ns, half_life_ns }
    xrmesh_compacted { bytes_before, bytes_after, objects, reserved }
    xrmesh_context { bits }
    xrmesh_counters { struct_size, agents, sent, delivered, pending, dropped, inferences_submitted, inferences_answered, inferences_refused, inferences_pending, inference_batches, agent_bytes, mail_bytes, workers, reserved }
    xrmesh_departure { object, into, removal, reserved }
    xrmesh_driver_options { struct_size, reserved, rate_hz, budget_messages, budget_ns }
    xrmesh_driver_report { struct_size, reserved, now_ns, ticks, late, skipped, sleeps }
    xrmesh_energy { struct_size, layers, insertion_loss_db, laser_w, shifters_w, dacs_w, modulators_w, amplifiers_w, adcs_w, total_w, energy_per_vector_j, energy_per_mac_j, latency_s, settling_s, multiply_accumulates }
    xrmesh_exported { objects, areas, bytes }
    xrmesh_filter { struct_size, mode, classes, class_count, reserved }
    xrmesh_found { object, distance_squared, reserved }
    xrmesh_frame { bits }
    xrmesh_frame_view { messages, payload, message_count, payload_len, lost }
    xrmesh_frustum { pose, left_rad, right_rad, up_rad, down_rad, near_m, far_m }
    xrmesh_fused { object, gone, how, reserved }
    xrmesh_health_event { agent, at_ns, part, handled, from, to, cause, action, reserved }
    xrmesh_histogram { bits }
    xrmesh_imported { objects, anchors, areas, kept_ids, reserved }
    xrmesh_lane { bits }
    xrmesh_layer { rows, columns, weights_offset, activation, tap, gain_rad, bias_rad, reserved }
    xrmesh_log_record { number, level, text_len }
    xrmesh_memory { bits }
    xrmesh_memory_options { struct_size, abi_version, max_objects, when_full, max_classes, max_anchors, max_areas, max_aliases, max_attribute_bytes, max_name_bytes, max_area_corners, max_snapshots, correction_budget, durability, durability_ticks, block_bytes, max_snapshot_bytes, history_bytes, history_ns, file_bytes, reserve_bytes, write_behind_bytes, backlog_bytes }
    xrmesh_memory_stats { struct_size, objects, classes, anchors, areas, is_attached, sequence, durable_through, pending_bytes, memory_bytes, attribute_bytes, past_bytes, oldest_past_ns, has_past, reserved }
    xrmesh_mesh { bits }
    xrmesh_mesh_options { struct_size, abi_version, config, config_len, worker_threads, flags, frame_messages, frame_bytes, reserved }
    xrmesh_message { id, to, from, sent_at_ns, deadline_ns, payload_offset, payload_len, ask, kind, priority, flags, hops, reserved, pose }
    xrmesh_moment { agent, now_ns, tick, agents, shard }
    xrmesh_named_processor { name, processor, name_len, reserved }
    xrmesh_named_type { name, agent_type, name_len, reserved }
    xrmesh_notice { object, into, at_ns, class_id, event, removal, reserved }
    xrmesh_object { id, first_seen_ns, last_seen_ns, pose, half_extents, velocity, confidence, persistence, class_id, anchor, attributes, attributes_offset, attributes_len, name_offset, name_len, flags, reserved }
    xrmesh_observation { object, pose, half_extents, confidence, class_id, anchor, attributes, attributes_offset, attributes_len }
    xrmesh_observer { eye, occlusion, sight }
    xrmesh_oriented_box { pose, half_extents }
    xrmesh_parts { struct_size, reserved, half_wave_power_w, shifter_loss_db, shifter_settling_s, detector_power_w, facet_loss_db, modulator_loss_db, waveguide_loss_db_per_m, interferometer_length_m, group_index, wall_plug_efficiency, dac_power_w, dac_rate_hz, adc_power_w, adc_rate_hz, modulator_energy_j, amplifier_power_w, amplifier_delay_s }
    xrmesh_point { x, y, z }
    xrmesh_poll_result { message_count, payload_len, waiting, needed, lost }
    xrmesh_pose { position, orientation }
    xrmesh_processor { bits }
    xrmesh_processor_options { struct_size, flags, layout, device, seed, coupler_sigma_rad, offset_sigma_rad, coupler_loss_db, shifter_loss_db, arm_loss_db, phase_sigma_rad, photons, quantisation, quantisation_bits, crosstalk, dummy_edges, crosstalk_share, crosstalk_length_m, row_pitch_m, column_pitch_m, crosstalk_cutoff_m }
    xrmesh_reader { struct_size, reserved, user_data, read, drop }
    xrmesh_published { version, retained_bytes, is_corrected, store }
    xrmesh_range { first, count }
    xrmesh_ray { origin, direction }
    xrmesh_ray_hit { object, distance_m, reserved }
    xrmesh_recording { bytes, ticks, status, reserved }
    xrmesh_recovery { struct_size, is_torn, through, image_through, image_records, log_records, torn_offset, torn_bytes, skipped_image, removed_files }
    xrmesh_region { struct_size, kind, pose, radius, low, high, half_extents, left_rad, right_rad, up_rad, down_rad, near_m, far_m, floor_m, ceiling_m, up_axis, corner_count, reserved, corners }
    xrmesh_replay { bits }
    xrmesh_replay_options { struct_size, worker_threads, flags, type_count, types, processors, processor_count, reserved, memory }
    xrmesh_replay_tick { tick, now_ns, hash, recorded_hash, has_recorded_hash, reserved }
    xrmesh_send { from, target, deadline_ns, time_ns, payload_offset, payload_len, ask, count, point, radius, pose, kind, flags, to, priority, hops, reserved }
    xrmesh_sender { bits }
    xrmesh_snapshot { bits }
    xrmesh_snapshot_state { version, time_ns, objects, reserved }
    xrmesh_spawn_options { struct_size, flags, pose, mailbox_capacity, overflow, reserved }
    xrmesh_store_report { struct_size, is_sound, fault, files, bytes, through, records, is_torn, damaged_files }
    xrmesh_submit_result { accepted, status }
    xrmesh_subscription { bits }
    xrmesh_tick_report { struct_size, rounds, tick, sent, delivered, dropped, pending, waiting, oldest_ns, refused }
    xrmesh_writer { struct_size, buffer_bytes, user_data, write, flush, drop }
    xrmesh_workspace { bits }
}

#[test]
fn layouts_stay_as_they_are() {
    committed(&root().join("tests/layout.txt"), &layout());
}

/// A C file that asserts every line of the layout, and includes the header twice.
fn asserting() -> String {
    let mut text =
        String::from("#include \"xrmesh.h\"\n#include \"xrmesh.h\"\n#include <stddef.h>\n");
    text += "#ifdef __cplusplus\n#define HOLDS(name, what) static_assert(what, #name)\n";
    text += "#elif __STDC_VERSION__ >= 201112L\n#define HOLDS(name, what) _Static_assert(what, #name)\n";
    text += "#else\n#define HOLDS(name, what) extern char name[(what) ? 1 : -1]\n#endif\n";
    for (index, line) in layout().lines().enumerate() {
        let (name, value) = line.split_once(' ').unwrap();
        text += &match name.split_once('.') {
            None => format!("HOLDS(holds_{index}, sizeof({name}) == {value});\n"),
            Some((name, field)) => {
                format!("HOLDS(holds_{index}, offsetof({name}, {field}) == {value});\n")
            }
        };
    }
    text
}

const WARNINGS: [&str; 6] =
    ["-Wall", "-Wextra", "-Wpedantic", "-Wpadded", "-Werror", "-fsyntax-only"];

/// The header, its sizes and its offsets, by every compiler and standard that is there.
#[test]
fn compilers_take_the_header() {
    let folder = scratch("header");
    for (end, language) in [("c", Language::C), ("cpp", Language::Cxx)] {
        let file = folder.join(format!("asserting.{end}"));
        std::fs::write(&file, asserting()).unwrap();
        for compiler in compilers().iter().filter(|compiler| compiler.language == language) {
            let standards: &[&str] = match language {
                Language::C => &["c99", "c11", "c17"],
                Language::Cxx => &["c++11", "c++17", "c++20"],
            };
            for standard in standards {
                let include = root().join("../include");
                let mut command = Command::new(&compiler.program);
                command.arg(format!("-std={standard}")).args(WARNINGS);
                compilers::run(command.arg("-I").arg(include).arg(&file));
            }
        }
    }
}

/// The C++ layer, with and without exceptions.
#[test]
fn compilers_take_the_layer_for_cxx() {
    let folder = scratch("layer");
    let file = folder.join("layer.cpp");
    std::fs::write(&file, "#include \"xrmesh.hpp\"\n#include \"xrmesh.hpp\"\nint main() {}\n")
        .unwrap();
    for compiler in compilers().iter().filter(|compiler| compiler.language == Language::Cxx) {
        for standard in ["c++17", "c++20"] {
            for more in [&["-fexceptions"][..], &["-fno-exceptions", "-fno-rtti"]] {
                let mut command = Command::new(&compiler.program);
                command.arg(format!("-std={standard}")).args(more);
                command.args(WARNINGS.iter().filter(|warning| **warning != "-Wpadded"));
                compilers::run(command.arg("-I").arg(root().join("../include")).arg(&file));
            }
        }
    }
}
