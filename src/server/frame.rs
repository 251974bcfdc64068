//! LSP's framing: `Content-Length`, an empty line, a body. Whatever is wrong with a frame comes out as a value,
//! and the next frame is found again.

use bytes::{Buf, Bytes, BytesMut};

/// A header block longer than this is not one.
const MAX_HEADER: usize = 8 * 1024;
/// A body longer than this is skipped: an optimizer snapshot of ten thousand dependencies is a tenth of it.
const MAX_BODY: usize = 32 * 1024 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    Body(Bytes),
    Bad(String),
}

/// Splits a stream of bytes into frames.
#[derive(Debug, Default)]
pub struct Decoder {
    body: Option<usize>,
    skip: usize,
}

impl Decoder {
    /// The next frame, if the buffer holds all of it.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> Option<Frame> {
        if self.skip > 0 {
            let skipped = self.skip.min(buffer.len());
            buffer.advance(skipped);
            self.skip -= skipped;
            if self.skip > 0 {
                return None;
            }
        }
        if self.body.is_none() {
            match self.decode_header(buffer)? {
                Ok(length) => self.body = Some(length),
                Err(bad) => return Some(Frame::Bad(bad)),
            }
        }
        let length = self.body?;
        if buffer.len() < length {
            buffer.reserve(length - buffer.len());
            return None;
        }
        self.body = None;
        Some(Frame::Body(buffer.split_to(length).freeze()))
    }

    fn decode_header(&mut self, buffer: &mut BytesMut) -> Option<Result<usize, String>> {
        let end = find(buffer, b"\r\n\r\n").map(|end| end + 4);
        if end.unwrap_or(buffer.len()) > MAX_HEADER {
            skip_noise(buffer, end.unwrap_or(buffer.len()));
            return Some(Err(format!("no header ended within {MAX_HEADER} bytes")));
        }
        let end = end?;
        let Some(length) = content_length(&buffer[..end]) else {
            skip_noise(buffer, end);
            return Some(Err("the header has no Content-Length".into()));
        };
        buffer.advance(end);
        match length.parse::<usize>() {
            Ok(length) if length <= MAX_BODY => Some(Ok(length)),
            Ok(length) => {
                self.skip = length;
                Some(Err(format!("a body of {length} bytes is over the limit of {MAX_BODY}; it was skipped")))
            }
            Err(_) => Some(Err(format!("Content-Length is not a number of bytes: {length:?}"))),
        }
    }
}

fn content_length(header: &[u8]) -> Option<String> {
    String::from_utf8_lossy(header).lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-length").then(|| value.trim().to_owned())
    })
}

/// Drops what is no header, the rest of a body that was longer than announced for one. A header that follows
/// on it without a line's end is kept.
fn skip_noise(buffer: &mut BytesMut, end: usize) {
    let header = find_last(&buffer[..end], b"content-length").filter(|at| *at > 0);
    buffer.advance(header.unwrap_or(end));
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn find_last(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).rposition(|window| window.eq_ignore_ascii_case(needle))
}

/// Puts a body into its frame.
pub fn encode(body: &[u8], out: &mut Vec<u8>) {
    use std::io::Write;
    // Writing to a Vec cannot fail.
    let _ = write!(out, "Content-Length: {}\r\n\r\n", body.len());
    out.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::fuzz;

    fn frames(input: &[u8], chunk: usize) -> Vec<Frame> {
        let (mut decoder, mut buffer, mut found) = (Decoder::default(), BytesMut::new(), Vec::new());
        for part in input.chunks(chunk) {
            buffer.extend_from_slice(part);
            while let Some(frame) = decoder.decode(&mut buffer) {
                found.push(frame);
            }
        }
        found
    }

    fn body(text: &str) -> Frame {
        Frame::Body(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn frames_are_found_whatever_the_chunks() {
        let input = b"Content-Length: 2\r\n\r\n{}content-LENGTH:3\r\nContent-Type: x\r\n\r\n[1]";
        for chunk in 1..input.len() {
            assert_eq!(frames(input, chunk), [body("{}"), body("[1]")], "in chunks of {chunk}");
        }
    }

    #[test]
    fn a_bad_frame_is_a_value_and_the_next_one_is_found() {
        let too_long = MAX_BODY + 1;
        let noise = "x".repeat(MAX_HEADER + 10);
        let table: [(String, &str); 5] = [
            ("Content-Type: a\r\n\r\n".into(), "no Content-Length"),
            ("Content-Length: many\r\n\r\n".into(), "not a number"),
            ("Content-Length: -1\r\n\r\n".into(), "not a number"),
            (format!("Content-Length: {too_long}\r\n\r\n{}", " ".repeat(too_long)), "over the limit"),
            (noise, "no header ended"),
        ];
        for (bad, expected) in table {
            let input = format!("{bad}Content-Length: 2\r\n\r\n{{}}");
            let found = frames(input.as_bytes(), 4096);
            assert!(
                matches!(&found[0], Frame::Bad(reason) if reason.contains(expected)),
                "{expected}: {found:?}"
            );
            assert_eq!(found.last(), Some(&body("{}")), "{expected}");
        }
    }

    /// Pieces of which frames are made, in any order.
    #[derive(Debug, arbitrary::Arbitrary)]
    enum Piece {
        Length(u16),
        Name,
        EndOfLine,
        EndOfHeader,
        Bytes(Vec<u8>),
    }

    impl Piece {
        fn write(&self, out: &mut Vec<u8>) {
            match self {
                Piece::Length(length) => {
                    out.extend_from_slice(format!("Content-Length: {length}").as_bytes())
                }
                Piece::Name => out.extend_from_slice(b"content-length"),
                Piece::EndOfLine => out.extend_from_slice(b"\r\n"),
                Piece::EndOfHeader => out.extend_from_slice(b"\r\n\r\n"),
                Piece::Bytes(bytes) => out.extend_from_slice(bytes),
            }
        }
    }

    #[test]
    fn fuzz_any_bytes_are_frames_or_noise() {
        fuzz(|data| {
            let (pieces, chunk): (Vec<Piece>, u8) = data.arbitrary()?;
            let mut input = Vec::new();
            pieces.iter().for_each(|piece| piece.write(&mut input));
            let found = frames(&input, usize::from(chunk) + 1);
            let length = |frame: &Frame| if let Frame::Body(body) = frame { body.len() } else { 0 };
            let taken: usize = found.iter().map(length).sum();
            assert!(taken <= input.len(), "nothing is taken twice: {found:?}");
            Ok(())
        });
    }

    #[test]
    fn fuzz_whole_frames_are_found_whatever_the_chunks() {
        fuzz(|data| {
            let (bodies, chunk): (Vec<Vec<u8>>, u8) = data.arbitrary()?;
            let mut input = Vec::new();
            bodies.iter().for_each(|body| encode(body, &mut input));
            let expected = bodies.into_iter().map(|body| Frame::Body(body.into()));
            assert_eq!(frames(&input, usize::from(chunk) + 1), expected.collect::<Vec<_>>());
            Ok(())
        });
    }
}
