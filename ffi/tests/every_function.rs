//! What holds for every function of the header, from the header itself: NULL in each pointer parameter is
//! refused by name or documented as optional, and, with the feature `inject-panic`, a panic stays inside.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod compilers;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use compilers::{built, run, scratch};

/// A function of the header.
struct Function {
    name: String,
    gives_status: bool,
    parameters: Vec<Parameter>,
    doc: String,
}

struct Parameter {
    /// Without `const` and `struct`, with its stars.
    kind: String,
    name: String,
}

impl Parameter {
    fn is_pointer(&self) -> bool {
        self.kind.ends_with('*')
    }
}

fn functions() -> Vec<Function> {
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("../include/xrmesh.h");
    let header = std::fs::read_to_string(header).unwrap();
    let mut functions = Vec::new();
    let mut doc = "";
    let mut rest = &header[header.find("extern \"C\"").unwrap()..];
    while let Some(at) = rest.find("/**") {
        rest = &rest[at..];
        let end = rest.find("*/").unwrap();
        doc = &rest[..end];
        rest = &rest[end + 2..];
        let Some(close) = rest.find(';') else { break };
        let declaration = rest[..close].split_whitespace().collect::<Vec<_>>().join(" ");
        let Some((head, list)) = declaration.split_once('(') else { continue };
        if declaration.contains('{') || head.starts_with("typedef") {
            continue;
        }
        let (result, name) = head.rsplit_once([' ', '*']).unwrap();
        let parameters = list.trim_end_matches(')').split(", ").filter(|text| *text != "void");
        let parameters = parameters.map(|text| {
            let text = text.replace("const ", "").replace("struct ", "");
            let at = text.rfind([' ', '*']).unwrap();
            let kind = text[..=at].trim().replace(' ', "");
            Parameter { kind, name: text[at + 1..].to_owned() }
        });
        functions.push(Function {
            name: name.to_owned(),
            gives_status: result == "xrmesh_status",
            parameters: parameters.collect(),
            doc: doc.split_whitespace().filter(|word| *word != "*").collect::<Vec<_>>().join(" "),
        });
    }
    assert!(!doc.is_empty());
    functions
}

/// An argument that is in order, for a call in which another is not. Handles are live, structs have their
/// sizes, every pointer has room for whatever is written.
fn argument(function: &Function, index: usize) -> String {
    let Parameter { kind, name } = &function.parameters[index];
    let after_pointer = index > 0 && function.parameters[index - 1].is_pointer();
    match kind.as_str() {
        "xrmesh_mesh"
        | "xrmesh_sender"
        | "xrmesh_lane"
        | "xrmesh_frame"
        | "xrmesh_replay"
        | "xrmesh_processor"
        | "xrmesh_histogram"
        | "xrmesh_context"
        | "xrmesh_memory"
        | "xrmesh_snapshot"
        | "xrmesh_workspace"
        | "xrmesh_subscription"
        | "xrmesh_checkpoint" => {
            format!("live_{kind}")
        }
        "xrmesh_object_id" => "object".to_owned(),
        "xrmesh_class_id" | "xrmesh_anchor_id" | "xrmesh_area_id" => "0".to_owned(),
        "xrmesh_agent_id" => "agent".to_owned(),
        "uint32_t" if name.starts_with("type_name_len") => "1".to_owned(),
        // Counts and capacities go with the pointer before them.
        "uint32_t" if after_pointer => "1".to_owned(),
        "uint32_t" => "1".to_owned(),
        "uint64_t" | "int64_t" => "1000000000".to_owned(),
        "double" => "0.5".to_owned(),
        "float" => "0.5f".to_owned(),
        "xrmesh_topic_id" | "xrmesh_status" => "1".to_owned(),
        pointer if pointer.ends_with('*') => {
            let pointed = pointer.trim_end_matches('*');
            format!("({pointed} *)(void *)room_{index}")
        }
        other => panic!("{}: a parameter of {other}", function.name),
    }
}

/// Structs that begin with their size.
fn functions_with_default() -> &'static [&'static str] {
    static NAMES: std::sync::OnceLock<Vec<&'static str>> = std::sync::OnceLock::new();
    NAMES.get_or_init(|| {
        let names = functions().into_iter().filter_map(|function| {
            let name = function.name.strip_suffix("_default")?.to_owned();
            (name != "xrmesh_send").then(|| &*name.leak())
        });
        names.collect()
    })
}

/// What only holds where it is not NULL: the doc says so.
fn is_optional(function: &Function, parameter: &str) -> bool {
    let named = format!("`{parameter}`");
    function.doc.split(". ").any(|sentence| {
        sentence.contains(&named)
            && (sentence.contains("optional") || sentence.contains(&format!("if {named} is NULL")))
    })
}

const PRELUDE: &str = r#"
#include "check.h"
/* In the library with the feature inject-panic only. */
extern void xrmesh_test_inject_panic(uint32_t place);
static uint64_t room_0[512], room_1[512], room_2[512], room_3[512], room_4[512], room_5[512], room_6[512];
static uint64_t room_7[512], room_8[512], room_9[512], room_10[512], room_11[512], room_12[512];
static void clear(uint64_t *room) { memset(room, 0, 512 * 8); }
static xrmesh_mesh live_xrmesh_mesh;
static xrmesh_sender live_xrmesh_sender;
static xrmesh_lane live_xrmesh_lane;
static xrmesh_frame live_xrmesh_frame;
static xrmesh_replay live_xrmesh_replay;
static xrmesh_processor live_xrmesh_processor;
static xrmesh_histogram live_xrmesh_histogram;
static xrmesh_context live_xrmesh_context;
static xrmesh_memory live_xrmesh_memory;
static xrmesh_snapshot live_xrmesh_snapshot;
static xrmesh_workspace live_xrmesh_workspace;
static xrmesh_subscription live_xrmesh_subscription;
static xrmesh_checkpoint live_xrmesh_checkpoint;
static xrmesh_agent_id agent;
static xrmesh_object_id object;
static xrmesh_region everywhere;
static xrmesh_status refuse(void *user_data, const uint8_t *bytes, uint32_t bytes_len, uint32_t *taken)
{
    (void)user_data, (void)bytes, (void)bytes_len, (void)taken;
    return XRMESH_ERROR_CALLBACK;
}
static xrmesh_status nothing(void *user_data, uint8_t *bytes, uint32_t capacity, uint32_t *given)
{
    (void)user_data, (void)bytes, (void)capacity, (void)given;
    return XRMESH_OK;
}
static void begin(void)
{
    static const double weights[4] = {1, 0, 0, 1};
    xrmesh_processor_options options;
    xrmesh_layer layer;
    xrmesh_frame_view view;
    memset(&layer, 0, sizeof layer);
    layer.rows = layer.columns = 2;
    xrmesh_processor_options_default(&options);
    live_xrmesh_mesh = new_mesh();
    agent = new_agent(live_xrmesh_mesh);
    OK(xrmesh_mesh_sender(live_xrmesh_mesh, &live_xrmesh_sender));
    OK(xrmesh_mesh_lane(live_xrmesh_mesh, &live_xrmesh_lane));
    OK(xrmesh_mesh_lease(live_xrmesh_mesh, &live_xrmesh_frame, &view));
    OK(xrmesh_histogram_create(&live_xrmesh_histogram));
    OK(xrmesh_processor_create(&options, &layer, 1, weights, 4, &live_xrmesh_processor));
    {
        xrmesh_memory_options limits;
        xrmesh_object thing;
        xrmesh_class_id class_id;
        xrmesh_memory_options_default(&limits);
        xrmesh_object_default(&thing);
        xrmesh_region_default(&everywhere);
        OK(xrmesh_memory_open("live_store", 10, &limits, &live_xrmesh_memory, NULL));
        OK(xrmesh_memory_class(live_xrmesh_memory, "chair", 5, &class_id));
        OK(xrmesh_memory_insert(live_xrmesh_memory, &thing, &object, 1, NULL, 0, NULL));
        OK(xrmesh_memory_publish(live_xrmesh_memory, 0, NULL));
        OK(xrmesh_memory_snapshot(live_xrmesh_memory, &live_xrmesh_snapshot));
        OK(xrmesh_memory_checkpoint(live_xrmesh_memory, &live_xrmesh_checkpoint));
        OK(xrmesh_memory_subscribe(live_xrmesh_memory, NULL, NULL, 8, &live_xrmesh_subscription));
        OK(xrmesh_workspace_create(0, &live_xrmesh_workspace));
    }
}
static int wrong;
static void expect(xrmesh_status expected, xrmesh_status given, const char *call)
{
    if (given != expected) {
        char text[1024];
        uint32_t length = 0;
        xrmesh_last_error(text, sizeof text, &length);
        fprintf(stderr, "%s: gave %s, expected %s: %.*s\n", call, xrmesh_status_name(given),
                xrmesh_status_name(expected), (int)length, text);
        wrong = 1;
    }
}
"#;

/// A call, and what makes its arguments ready before.
fn call(function: &Function, change: impl Fn(usize) -> Option<String>) -> (String, String) {
    let mut ready = String::new();
    for (index, parameter) in function.parameters.iter().enumerate() {
        let pointed = parameter.kind.trim_end_matches('*');
        if parameter.is_pointer() {
            write!(ready, "    clear(room_{index});").unwrap();
            if functions_with_default().contains(&pointed) {
                write!(ready, " {pointed}_default(({pointed} *)(void *)room_{index});").unwrap();
            }
            // What these hold must not be NULL either.
            match pointed {
                "xrmesh_observer" => {
                    write!(
                        ready,
                        " ((xrmesh_observer *)(void *)room_{index})->sight = &everywhere;"
                    )
                }
                "xrmesh_writer" => {
                    write!(ready, " ((xrmesh_writer *)(void *)room_{index})->write = refuse;")
                }
                "xrmesh_reader" => {
                    write!(ready, " ((xrmesh_reader *)(void *)room_{index})->read = nothing;")
                }
                _ => Ok(()),
            }
            .unwrap();
            ready.push('\n');
        }
    }
    let arguments: Vec<_> = (0..function.parameters.len())
        .map(|index| change(index).unwrap_or_else(|| argument(function, index)))
        .collect();
    (ready, format!("{}({})", function.name, arguments.join(", ")))
}

/// Builds a program and runs it.
fn execute(name: &str, body: &str) -> String {
    let folder = scratch(name);
    let file = folder.join("program.c");
    let text = format!("{PRELUDE}int main(void)\n{{\n    begin();\n{body}    return wrong;\n}}\n");
    std::fs::write(&file, text).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = built().join("deps/libxrmesh_ffi.so");
    let library = if library.exists() { library } else { built().join("libxrmesh_ffi.so") };
    std::os::unix::fs::symlink(library, folder.join("libxrmesh.so.0")).unwrap();
    let program = folder.join("program");
    let mut command = Command::new("cc");
    command.args(["-std=gnu99", "-g", "-w", "-I"]).arg(root.join("../include"));
    command.arg("-I").arg(root.join("tests/c")).arg(&file).arg("-o").arg(&program);
    command.arg(folder.join("libxrmesh.so.0")).arg(format!("-Wl,-rpath,{}", folder.display()));
    run(&mut command);
    run(Command::new("timeout").arg("60").arg(&program).current_dir(&folder))
}

/// Texts of no bytes and arrays of no elements are in order, so these do not go by the pointer alone.
fn ends_its_object(function: &Function) -> bool {
    ["_destroy", "_release", "_stop", "_shutdown_all", "_close"]
        .iter()
        .any(|end| function.name.ends_with(end))
}

#[test]
fn null_is_refused_in_each_pointer_parameter() {
    let mut body = String::new();
    let mut tried = 0;
    for function in functions() {
        for (index, parameter) in function.parameters.iter().enumerate() {
            if !parameter.is_pointer() {
                continue;
            }
            let (ready, call) = call(&function, |at| (at == index).then(|| "NULL".to_owned()));
            body += &ready;
            tried += 1;
            if !function.gives_status || function.name == "xrmesh_last_error" && index == 0 {
                // It must do nothing at all.
                writeln!(body, "    {call};").unwrap();
            } else if is_optional(&function, &parameter.name) {
                if ends_its_object(&function) {
                    continue;
                }
                writeln!(
                    body,
                    "    if ({call} == XRMESH_ERROR_NULL_POINTER) {{ \
                    fprintf(stderr, \"%s: {} is said to be optional\\n\", \"{}\"); wrong = 1; }}",
                    parameter.name, function.name
                )
                .unwrap();
            } else {
                writeln!(
                    body,
                    "    expect(XRMESH_ERROR_NULL_POINTER, {call}, \"{} {}\");",
                    function.name, parameter.name
                )
                .unwrap();
            }
        }
    }
    assert!(tried > 350, "{tried}");
    execute("nulls", &body);
}

/// A panic in the fence of any function is its status; one that holds a mesh leaves that mesh to its destroy.
#[cfg(feature = "inject-panic")]
#[test]
fn a_panic_stays_inside_of_every_function() {
    let mut body = String::new();
    for function in functions() {
        if !function.gives_status || ends_its_object(&function) && !function.name.ends_with("_all")
        {
            continue;
        }
        let (ready, call) = call(&function, |_| None);
        body += &ready;
        writeln!(body, "    xrmesh_test_inject_panic(1);").unwrap();
        writeln!(body, "    expect(XRMESH_ERROR_PANIC, {call}, \"{}\");", function.name).unwrap();
        writeln!(body, "    xrmesh_test_inject_panic(0);").unwrap();
    }
    // What a panic leaves behind: a mesh that only accepts its destroy, and all else unharmed.
    body += "    xrmesh_test_inject_panic(2);\n";
    body += "    expect(XRMESH_ERROR_PANIC, xrmesh_mesh_tick(live_xrmesh_mesh, 0, 0, NULL), \"held\");\n";
    for function in functions() {
        let of_mesh = function.parameters.first().is_some_and(|first| first.kind == "xrmesh_mesh");
        if of_mesh && !ends_its_object(&function) {
            let (ready, call) = call(&function, |_| None);
            body += &ready;
            if !["xrmesh_mesh_spawn_callbacks", "xrmesh_mesh_register"].contains(&&*function.name) {
                writeln!(body, "    if ({call} >= 0) {{ fprintf(stderr, \"%s was accepted\\n\", \"{}\"); wrong = 1; }}", function.name).unwrap();
            }
        }
    }
    body += "    expect(XRMESH_ERROR_PANIC, xrmesh_sender_spawn(live_xrmesh_sender, NULL), \"sender\");\n";
    body += "    expect(XRMESH_OK, xrmesh_mesh_destroy(live_xrmesh_mesh), \"destroy\");\n";
    body += "    expect(XRMESH_OK, xrmesh_histogram_clear(live_xrmesh_histogram), \"others\");\n";
    // The same for a memory; who reads it goes on.
    for (place, status) in [(2, "PANIC"), (0, "PANIC")] {
        body += &format!(
            "    xrmesh_test_inject_panic({place});\n    expect(XRMESH_ERROR_{status}, \
             xrmesh_memory_publish(live_xrmesh_memory, 1, NULL), \"memory\");\n"
        );
    }
    body += "    expect(XRMESH_OK, xrmesh_memory_snapshot(live_xrmesh_memory, &live_xrmesh_snapshot), \"reader\");\n";
    body += "    expect(XRMESH_OK, xrmesh_memory_destroy(live_xrmesh_memory), \"destroy\");\n";
    body += "    expect(XRMESH_OK, xrmesh_snapshot_resolve(live_xrmesh_snapshot, &object, &object, 1), \"outlives\");\n";
    execute("panics", &body);
}

/// Each says which threads may call it.
#[test]
fn every_function_says_who_may_call_it() {
    for function in functions() {
        let says = ["Any thread", "One at a time", "Its callback only"];
        assert!(
            says.iter().any(|says| function.doc.contains(says)),
            "{} does not say which threads may call it",
            function.name
        );
    }
}
