//! Compiles the agents in C, for the cases through the C interface.

fn main() {
    println!("cargo:rerun-if-changed=c/agents.c");
    println!("cargo:rerun-if-changed=../../include/xrmesh.h");
    #[cfg(feature = "c")]
    cc::Build::new()
        .file("c/agents.c")
        .include("../../include")
        .std("c11")
        .opt_level(3)
        .warnings(true)
        .extra_warnings(true)
        .compile("bench_agents");
}
