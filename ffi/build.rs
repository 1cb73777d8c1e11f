//! Gives the shared library its SONAME and its alignment.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let of = |name: &str| std::env::var(name).unwrap_or_default();
    let major = of("CARGO_PKG_VERSION_MAJOR");
    match of("CARGO_CFG_TARGET_OS").as_str() {
        "linux" | "android" | "freebsd" => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libxrmesh.so.{major}");
            // Systems with pages of 16 KB map the library as well as those with 4 KB.
            println!("cargo:rustc-cdylib-link-arg=-Wl,-z,max-page-size=16384");
        }
        "macos" => {
            println!(
                "cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libxrmesh.{major}.dylib"
            );
        }
        _ => {}
    }
}
