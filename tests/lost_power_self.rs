//! The disk that loses power, tried on what is known to survive it and on what is known not to.

mod faults;
