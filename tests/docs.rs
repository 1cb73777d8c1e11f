//! What the documentation points to is there.

use std::path::Path;

/// Every rule of `docs/guarantees.md` names the tests that hold it, as `file::test`.
#[test]
fn each_test_that_a_guarantee_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/guarantees.md")).unwrap();
    let mut named = 0;
    for quoted in text.split('`').skip(1).step_by(2) {
        let Some((file, test)) = quoted.split_once(".rs::") else { continue };
        let file = format!("{file}.rs");
        let code = std::fs::read_to_string(root.join(&file))
            .unwrap_or_else(|error| panic!("docs/guarantees.md names {file}: {error}"));
        let test = test.rsplit("::").next().unwrap_or(test);
        assert!(code.contains(&format!("fn {test}(")), "{file} has no test {test}");
        named += 1;
    }
    assert!(
        named > 40,
        "{named} tests are named: the rules are written otherwise than this expects"
    );
}

/// The C program of the README is the example that is built and run.
#[test]
fn the_readme_shows_the_c_example_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let example = std::fs::read_to_string(root.join("examples/c/hello.c")).unwrap();
    assert!(readme.contains(&format!("```c\n{example}```")), "README.md shows an older hello.c");
}
