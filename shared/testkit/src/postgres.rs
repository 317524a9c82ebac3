//! A PostgreSQL database for tests.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

/// A PostgreSQL database for one test. Dropped with this value.
///
/// Its server is the one in `TEST_DATABASE_URL`, which `deploy/scripts/with-postgres.sh` sets for
/// a whole run; without it, each test process starts a temporary one, which ends with it.
pub struct Database {
    name: String,
}

impl Database {
    /// Creates an empty one.
    ///
    /// # Panics
    /// If there is no server and none can be started.
    pub async fn create() -> Self {
        let name = format!("test_{}", Uuid::now_v7().simple());
        execute(format!("CREATE DATABASE {name}")).await;
        Self { name }
    }

    /// Its address.
    pub fn url(&self) -> String {
        let server = server();
        let (before, _) = server.rsplit_once('/').expect("an address with a database");
        format!("{before}/{}", self.name)
    }

    /// Makes it unavailable: closes its connections and rejects new ones.
    ///
    /// # Panics
    /// If the server rejects a statement.
    pub async fn make_unavailable(&self) {
        let name = &self.name;
        execute(format!(
            "ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false"
        ))
        .await;
        execute(format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await;
    }

    /// Makes it available again after [`make_unavailable`](Self::make_unavailable).
    ///
    /// # Panics
    /// If the server rejects a statement.
    pub async fn make_available(&self) {
        let name = &self.name;
        execute(format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")).await;
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // The runtime of the test may be shutting down: this needs its own.
        let dropping = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(execute(drop));
        });
        let _ = dropping.join();
    }
}

async fn execute(sql: String) {
    let mut connection = PgConnection::connect(server())
        .await
        .expect("connect to PostgreSQL");
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .expect("execute a statement");
    let _ = connection.close().await;
}

/// A server that ends when the script that started it reads the end of its input.
struct Server {
    url: String,
    _script: Child,
    _alive: ChildStdin,
}

fn server() -> &'static str {
    static SHARED: OnceLock<Option<String>> = OnceLock::new();
    static OWN: OnceLock<Server> = OnceLock::new();
    let shared = SHARED.get_or_init(|| std::env::var("TEST_DATABASE_URL").ok());
    match shared.as_deref().filter(|url| !url.is_empty()) {
        Some(url) => url,
        None => &OWN.get_or_init(start).url,
    }
}

fn start() -> Server {
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/scripts/with-postgres.sh");
    let mut script = Command::new(script)
        .args(["sh", "-c", "echo \"$TEST_DATABASE_URL\"; cat >/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start deploy/scripts/with-postgres.sh");
    let alive = script.stdin.take().expect("its input");
    let mut url = String::new();
    BufReader::new(script.stdout.take().expect("its output"))
        .read_line(&mut url)
        .expect("the address of PostgreSQL");
    let url = url.trim().to_owned();
    assert!(
        !url.is_empty(),
        "deploy/scripts/with-postgres.sh started no PostgreSQL"
    );
    Server {
        url,
        _script: script,
        _alive: alive,
    }
}
