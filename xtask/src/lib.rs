//! What the binaries of this package share.

pub mod run;
