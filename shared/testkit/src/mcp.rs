//! An MCP server, as a program or over HTTP.
//!
//! Its tools: `add` is read-only, `note` has a side effect, `slow` reports progress and waits until it
//! is cancelled, `fail` fails, `crash` ends the program, `grow` adds a tool, `show` returns more than
//! text, and `environment` the names of its variables, or the value of `one`. They are listed on two
//! pages. The content of the resource `test://echo/...` is its own URI.

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::{self, Next};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorCode, ErrorData,
    JsonObject, ListToolsResult, PaginatedRequestParams, ProgressNotificationParam,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Resource,
    ResourceContents, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ServerHandler, ServiceExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// An MCP server over streamable HTTP; it ends when dropped.
pub struct ToolServer {
    address: SocketAddr,
    recorder: Recorder,
    shutdown: CancellationToken,
    server: JoinSet<()>,
}

impl ToolServer {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// If it can't listen.
    pub async fn start() -> Self {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Ends it, and starts another one without its state at the same address.
    ///
    /// # Panics
    /// If it can't listen.
    pub async fn restart(mut self) -> Self {
        self.shutdown.cancel();
        self.server.shutdown().await;
        Self::start_at(self.address).await
    }

    async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let (recorder, shutdown) = (Recorder::default(), CancellationToken::new());
        let handler = Handler {
            recorder: recorder.clone(),
            is_program: false,
            has_grown: Arc::default(),
        };
        let config =
            StreamableHttpServerConfig::default().with_cancellation_token(shutdown.clone());
        let sessions = Arc::new(LocalSessionManager::default());
        let service = StreamableHttpService::new(move || Ok(handler.clone()), sessions, config);
        let keys = recorder.clone();
        let record_key = middleware::from_fn(move |request: Request, next: Next| {
            if let Some(key) = request.headers().get(header::AUTHORIZATION) {
                keys.record(key.to_str().unwrap_or_default());
            }
            next.run(request)
        });
        let router = Router::new().fallback_service(service).layer(record_key);
        let mut server = JoinSet::new();
        server.spawn(async move {
            axum::serve(listener, router).await.expect("serve tools");
        });
        Self {
            address,
            recorder,
            shutdown,
            server,
        }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// How often an event occurred: `started`, `listed`, `noted`, `cancelled`, or the key of a request.
    pub fn seen(&self, event: &str) -> usize {
        self.recorder.count(event)
    }
}

impl Drop for ToolServer {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Serves on the standard input and output until they are closed, and records events in a file: the
/// `main` of a test program.
///
/// # Panics
/// If its parent process is not an MCP client.
pub async fn serve_program(file: &Path) {
    let recorder = Recorder {
        file: Some(file.to_owned()),
        ..Recorder::default()
    };
    recorder.record(&format!("pid {}", std::process::id()));
    let handler = Handler {
        recorder,
        is_program: true,
        has_grown: Arc::default(),
    };
    let serving = handler.serve(rmcp::transport::io::stdio()).await;
    let _ = serving.expect("a client").waiting().await;
}

/// The path of an example of the package under test: `cargo test` builds it with the tests.
///
/// # Panics
/// If it is not built.
pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this test's own path");
    let folder = test.ancestors().nth(2).expect("the folder of the tests");
    let example = folder.join("examples").join(name);
    assert!(
        example.exists(),
        "{} is not built: `cargo test --examples` does it",
        example.display()
    );
    example
}

/// The events that a program has recorded in this file.
pub fn seen_in(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Records events, in this process and in a file.
#[derive(Clone, Default)]
struct Recorder {
    events: Arc<Mutex<Vec<String>>>,
    file: Option<PathBuf>,
}

impl Recorder {
    fn record(&self, event: &str) {
        self.events.lock().unwrap().push(event.to_owned());
        if let Some(path) = &self.file {
            let file = OpenOptions::new().create(true).append(true).open(path);
            writeln!(file.expect("a file"), "{event}").expect("a line");
        }
    }

    fn count(&self, event: &str) -> usize {
        let events = self.events.lock().unwrap();
        events.iter().filter(|recorded| *recorded == event).count()
    }
}

#[derive(Clone)]
struct Handler {
    recorder: Recorder,
    is_program: bool,
    has_grown: Arc<AtomicBool>,
}

impl Handler {
    fn first_page() -> Vec<Tool> {
        let read = ToolAnnotations::new().read_only(true);
        let numbers = json!({"a": {"type": "number"}, "b": {"type": "number"}});
        vec![
            tool("add", "Adds two numbers.", numbers).with_annotations(read.clone()),
            tool(
                "note",
                "Writes something down.",
                json!({"text": {"type": "string"}}),
            ),
            tool("slow", "Takes its time.", json!({})).with_annotations(read),
            tool("fail", "Fails.", json!({}))
                .with_annotations(ToolAnnotations::new().idempotent(true)),
        ]
    }

    fn second_page(&self) -> Vec<Tool> {
        let mut tools = vec![
            tool("crash", "Ends the program.", json!({})),
            tool("grow", "Adds a tool.", json!({})),
            tool("show", "Shows all kinds of content.", json!({})),
            tool("environment", "Lists its variables.", json!({})),
        ];
        if self.has_grown.load(Ordering::SeqCst) {
            tools.push(tool("grown", "Was not there before.", json!({})));
        }
        tools
    }

    async fn slow(&self, context: &RequestContext<RoleServer>) -> CallToolResult {
        if let Some(token) = context.meta.get_progress_token() {
            for step in 1..=2 {
                let progress =
                    ProgressNotificationParam::new(token.clone(), f64::from(step)).with_total(3.0);
                let _ = context.peer.notify_progress(progress).await;
            }
        }
        self.recorder.record("slow");
        context.ct.cancelled().await;
        self.recorder.record("cancelled");
        text("never heard")
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_resources()
            .build();
        ServerConfig::new(capabilities)
    }

    async fn on_initialized(&self, _: rmcp::service::NotificationContext<RoleServer>) {
        self.recorder.record("started");
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let is_first = request.and_then(|request| request.cursor).is_none();
        if is_first {
            self.recorder.record("listed");
            let mut page = ListToolsResult::with_all_items(Self::first_page());
            page.next_cursor = Some("second".to_owned());
            return Ok(page);
        }
        Ok(ListToolsResult::with_all_items(self.second_page()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        let result = match &*request.name {
            "add" => {
                let number = |key: &str| arguments[key].as_f64().unwrap_or_default();
                text(&(number("a") + number("b")).to_string())
            }
            "note" => {
                self.recorder.record("noted");
                text("written down")
            }
            "slow" => self.slow(&context).await,
            "fail" => CallToolResult::error(vec![ContentBlock::text("it does not work")]),
            "crash" if self.is_program => std::process::exit(7),
            "grow" => {
                self.has_grown.store(true, Ordering::SeqCst);
                let _ = context.peer.notify_tool_list_changed().await;
                text("grown")
            }
            "show" => CallToolResult::success(vec![
                ContentBlock::text("see"),
                ContentBlock::image("aGVsbG8=", "image/png"),
                ContentBlock::resource_link(Resource::new("test://page", "page")),
            ]),
            "environment" if arguments["one"].is_string() => {
                let name = arguments["one"].as_str().unwrap_or_default();
                text(&std::env::var_os(name).unwrap_or_default().to_string_lossy())
            }
            "environment" => {
                let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into());
                let mut names: Vec<String> = names.collect();
                names.sort();
                text(&names.join(" "))
            }
            other => {
                let reason = Cow::Owned(format!("there is no tool {other}"));
                return Err(ErrorData::new(ErrorCode::INVALID_PARAMS, reason, None));
            }
        };
        Ok(result.into())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let contents = match request.uri.as_str() {
            "test://page" => {
                ResourceContents::text("<p>hello</p>", "test://page").with_mime_type("text/html")
            }
            "test://picture" => {
                ResourceContents::blob("aGVsbG8=", "test://picture").with_mime_type("image/png")
            }
            "test://large" => ResourceContents::text("x".repeat(600 << 10), "test://large"),
            uri if uri.starts_with("test://echo/") => ResourceContents::text(uri, uri),
            uri => {
                let reason = format!("there is no such page: {uri}");
                return Err(ErrorData::resource_not_found(reason, None));
            }
        };
        Ok(ReadResourceResult::new(vec![contents]).into())
    }
}

fn tool(name: &'static str, description: &'static str, properties: Value) -> Tool {
    let mut schema = JsonObject::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), properties);
    Tool::new(name, description, schema)
}

fn text(text: &str) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}
