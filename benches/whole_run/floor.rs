//! The floor: the job's requests over one socket, by nothing but the standard library. It sends each file
//! as it is and waits for the answer: no DNS, no TLS, no JSON, no deadline, no check of what comes.
//!
//!     floor 127.0.0.1:8080 FILE...

#![forbid(unsafe_code)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or(io::ErrorKind::InvalidInput)?;
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut answers = BufReader::new(&stream);
    for file in arguments {
        (&stream).write_all(&std::fs::read(file)?)?;
        read_answer(&mut answers)?;
    }
    Ok(())
}

/// Reads a whole answer, which must be a 200 that says how long it is.
fn read_answer(answers: &mut impl BufRead) -> io::Result<()> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if answers.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    head.make_ascii_lowercase();
    let length = head.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
    let length: u64 = length.and_then(|text| text.trim().parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    let read = io::copy(&mut answers.take(length), &mut io::sink())?;
    let is_whole = head.starts_with("http/1.1 200 ") && read == length;
    if is_whole { Ok(()) } else { Err(io::Error::other(head)) }
}
