#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::bedrock_frames(data));
