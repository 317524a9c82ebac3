//! Each rule is broken once in a small workspace, and reports that and nothing else.

mod allowed;
mod crates;
mod fixture;
mod imports;
mod layers;
mod sources;
