//! The message cases of xrmesh run against other crates, in the same process, one after the other.

mod actors;
mod case;
mod clock;
mod harness;
#[expect(dead_code, reason = "a part of it is used, and none of its tests")]
#[path = "../../../src/lane/mod.rs"]
mod lane;
mod message;
mod options;
mod peers;
mod report;
mod signal;
#[expect(unused_imports, reason = "a part of it is used")]
#[path = "../../../src/sync.rs"]
mod sync;
mod watch;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: clock::CountingAllocator = clock::CountingAllocator;

fn main() -> ExitCode {
    let options = match options::parse(std::env::args().skip(1)) {
        Ok(options::Command::Run(options)) => options,
        Ok(options::Command::Print(text)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("xrmesh-peers: {error}");
            return ExitCode::from(2);
        }
    };
    let mut report = report::Report::new(options.json, options.cpu);
    let mut code = ExitCode::SUCCESS;
    for case in &options.plan.cases {
        match options.plan.run(case) {
            Ok(rows) => report.add(rows),
            Err((peer, failure)) => {
                eprintln!("xrmesh-peers: case {}, peer {peer}: {failure}", case.name);
                code = ExitCode::FAILURE;
            }
        }
    }
    report.end();
    code
}
