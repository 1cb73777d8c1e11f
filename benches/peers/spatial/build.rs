//! Compiles each peer in C++ whose headers are installed; the others are left out, and say so.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for (peer, libraries) in
        [("nanoflann", &[] as &[&str]), ("boost", &[]), ("embree", &["embree3"])]
    {
        let source = format!("cpp/{peer}.cpp");
        println!("cargo::rerun-if-changed={source}");
        let compiled = Path::new(&source).exists()
            && cc::Build::new()
                .cpp(true)
                .std("c++17")
                .opt_level(3)
                .define("NDEBUG", None)
                // As wide as this machine, but without contraction: all peers then round alike.
                .flag_if_supported("-march=native")
                .flag_if_supported("-ffp-contract=off")
                .warnings(false)
                .cargo_warnings(false)
                .file(&source)
                .try_compile(&format!("spatial_{peer}"))
                .is_ok();
        if compiled {
            println!("cargo::rustc-cfg={peer}");
            for library in libraries {
                println!("cargo::rustc-link-lib={library}");
            }
        } else {
            println!("cargo::warning=peer {peer} is left out: cpp/{peer}.cpp did not compile");
        }
    }
}
