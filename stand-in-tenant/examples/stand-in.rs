//! The stand-in tenant on its own: `cargo run --example stand-in -- --port 8080`. As an example it is
//! built of the same parts as the quick start, which are there already.

#[path = "../src/main.rs"]
mod stand_in;

fn main() {
    stand_in::main();
}
