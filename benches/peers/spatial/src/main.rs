//! The spatial cases of xrmesh run against other libraries, in the same process, in turns.

mod case;
mod clock;
mod data;
mod drift;
mod harness;
mod options;
mod peers;
mod reader;
mod report;

use std::process::ExitCode;

fn main() -> ExitCode {
    let plan = match options::parse(std::env::args().skip(1)) {
        Ok(options::Command::Run(plan)) => plan,
        Ok(options::Command::Print(text)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("xrmesh-spatial-peers: {error}");
            return ExitCode::from(2);
        }
    };
    let mut report = report::Report::new(plan.json);
    let faults = plan.run(&mut report);
    report.end();
    for fault in &faults {
        eprintln!("xrmesh-spatial-peers: {fault}");
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
