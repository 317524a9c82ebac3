//! A scripted OpenAI-compatible server.
