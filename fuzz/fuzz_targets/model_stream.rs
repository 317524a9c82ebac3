//! Responses of model servers: in whatever pieces they come, the completion is the same, and what is shown is what is
//! kept. The first byte chooses the protocol, the second where the response is split.
#![no_main]

use libfuzzer_sys::fuzz_target;
use models::Protocol;
use models::fuzzing::read_response;

const PROTOCOLS: [Protocol; 4] = [
    Protocol::OpenAi,
    Protocol::Anthropic,
    Protocol::Gemini,
    Protocol::Ollama,
];

fuzz_target!(|input: &[u8]| {
    let [protocol, split, body @ ..] = input else {
        return;
    };
    let protocol = PROTOCOLS[usize::from(*protocol) % PROTOCOLS.len()];
    let read = |pieces: &[&[u8]]| {
        let read = read_response(protocol, pieces.iter().copied()).ok()?;
        let (shown, completion) = read;
        assert_eq!(shown, completion.text, "what is shown is what is kept");
        Some(format!("{completion:?}"))
    };
    let at_once = read(&[body]);
    let at = usize::from(*split) * body.len() / 256;
    let (start, end) = body.split_at(at);
    assert_eq!(read(&[start, end]), at_once);
    assert_eq!(read(&body.chunks(1).collect::<Vec<_>>()), at_once);
});
