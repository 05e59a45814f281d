//! A process of its own: signals, settings, logs, the questions of its operators.

use std::process::Command;
use std::time::Duration;

use harness::Process;
use http_body_util::Full;
use serde_json::Value;

use crate::http2::Http2;
use crate::https::{Secret, authority};
use crate::server::SOON;

struct Program {
    process: Process,
    url: String,
}

impl Program {
    async fn start(arguments: &[&str]) -> Self {
        let address = format!("127.0.0.1:{}", harness::free_port());
        let mut process = Process::builder(env!("CARGO_BIN_EXE_service-test-program"))
            .env("HELLO_LISTEN", &address)
            .args(arguments.iter().copied())
            .spawn()
            .unwrap();
        let url = format!("http://{address}");
        process.wait_ready(&format!("{url}/healthz")).await.unwrap();
        Self { process, url }
    }

    /// A request under way: it has reached its handler.
    async fn ask(&self, path: &str) -> tokio::task::JoinHandle<Result<u16, String>> {
        let request = harness::http().get(format!("{}{path}", self.url));
        let answer = tokio::spawn(async move {
            request.send().await.map(|answer| answer.status().as_u16()).map_err(|error| error.to_string())
        });
        harness::eventually(SOON, "the request arrives", async || {
            // The one that asks is under way too.
            self.get("/metrics").await.1.contains("http_server_active_requests 2")
        })
        .await;
        answer
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let answer = harness::http().get(format!("{}{path}", self.url)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    fn signal(&self, name: &str) {
        // The shell's own: there is no `kill` program everywhere.
        let kill = format!("kill -s {name} {}", self.process.pid());
        let status = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(status.success());
    }
}

#[tokio::test]
async fn a_signal_lets_requests_finish() {
    for signal in ["TERM", "INT"] {
        let mut program = Program::start(&[]).await;
        let answer = program.ask("/until-drain").await;
        program.signal(signal);
        assert_eq!(answer.await.unwrap(), Ok(200), "{signal}");
        let status = program.process.wait_exit(SOON).await.unwrap();
        assert!(status.success(), "{signal}: {status}");
    }
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    let mut program = Program::start(&["--drain", "10m"]).await;
    let answer = program.ask("/for-ever").await;
    program.signal("TERM");
    harness::eventually(SOON, "it drains", async || program.process.log().contains("finishing")).await;
    assert!(program.process.exit_status().unwrap().is_none());
    program.signal("TERM");
    let status = program.process.wait_exit(SOON).await.unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(answer.await.unwrap().is_err());
}

#[tokio::test]
async fn the_drain_deadline_ends_the_process() {
    let mut program = Program::start(&["--drain", "100ms"]).await;
    let answer = program.ask("/for-ever").await;
    program.signal("TERM");
    let status = program.process.wait_exit(SOON).await.unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(answer.await.unwrap().is_err());
    assert!(program.process.log().contains("CutOff { connections: 1 }"), "{}", program.process.log());
}

/// More requests than the process has threads.
fn many(program: &Program, path: &str) {
    for _ in 0..4 * std::thread::available_parallelism().unwrap().get() {
        tokio::spawn(harness::http().get(format!("{}{path}", program.url)).send());
    }
}

#[tokio::test]
async fn health_responds_while_heavy_work_runs() {
    let mut program = Program::start(&["--drain", "100ms"]).await;
    many(&program, "/compute-apart");
    let in_progress = format!(
        "http_server_active_requests {}",
        4 * std::thread::available_parallelism().unwrap().get() + 1
    );
    harness::eventually(SOON, "all requests arrive", async || {
        program.get("/metrics").await.1.contains(&in_progress)
    })
    .await;
    for _ in 0..20 {
        assert_eq!(program.get("/healthz").await.0, 200);
    }
    program.signal("TERM");
    assert_eq!(program.process.wait_exit(SOON).await.unwrap().code(), Some(1));
}

#[tokio::test]
async fn a_process_whose_threads_all_compute_ends_within_its_bound() {
    let mut program = Program::start(&["--drain", "100ms"]).await;
    many(&program, "/compute");
    let health = harness::http().get(format!("{}/healthz", program.url)).timeout(Duration::from_millis(200));
    harness::eventually(SOON, "all threads compute", async || {
        health.try_clone().unwrap().send().await.is_err()
    })
    .await;
    program.signal("TERM");
    assert_eq!(program.process.wait_exit(SOON).await.unwrap().code(), Some(1));
}

#[tokio::test]
async fn operators_are_answered() {
    let closed = format!("127.0.0.1:{}", harness::free_port());
    let program = Program::start(&["--upstream", &closed]).await;
    assert_eq!(program.get("/healthz").await, (200, "alive\n".to_owned()));

    let (status, body) = program.get("/readyz").await;
    let report: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &report["checks"][0]["name"]), (503, &Value::from("upstream")));
    let reason = report["checks"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("refused"), "{reason}");

    let (_, measures) = program.get("/metrics").await;
    assert!(measures.contains(r#"build_info{program="hello",version="1.2.3"} 1"#), "{measures}");
    assert!(measures.contains(r#"route="/readyz",status="503""#), "{measures}");
}

#[tokio::test]
async fn a_process_whose_checks_pass_is_ready() {
    let upstream = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap().to_string();
    let mut program = Program::start(&["--upstream", &address]).await;
    program.process.wait_ready(&format!("{}/readyz", program.url)).await.unwrap();
    assert_eq!(
        program.get("/readyz").await.1,
        r#"{"ready":true,"checks":[{"name":"upstream","ready":true}]}"#
    );
}

#[tokio::test]
async fn logs_are_json_lines_without_query_values() {
    let mut program = Program::start(&[]).await;
    program.get("/hello?token=hunter2").await;
    let (status, body) = program.get("/panic").await;
    assert_eq!(status, 500, "{body}");
    program.signal("TERM");
    program.process.wait_exit(SOON).await.unwrap();
    let log = program.process.log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let hello = lines.iter().find(|line| line["path"] == "/hello").expect("a line for the request");
    assert_eq!((&hello["status"], &hello["method"]), (&Value::from(200), &Value::from("GET")));
    assert!(hello["span"]["id"].is_string(), "{hello}");
    let panic =
        lines.iter().find(|line| line["message"] == "panic: on purpose").expect("a line for the panic");
    assert_eq!(panic["level"], "ERROR");
    assert!(!log.contains("hunter2"), "{log}");
}

#[tokio::test]
async fn frames_of_peers_are_logged_only_by_name() {
    for (filter, expected) in
        [("trace", false), ("info,DEBUG", false), ("debug,h2=debug", true), ("h2::codec=trace,trace", true)]
    {
        let mut program = Program::start(&["--log", filter]).await;
        let address = program.url.strip_prefix("http://").unwrap().parse().unwrap();
        let request = http::Request::get(&program.url).body(Full::default()).unwrap();
        Http2::connect(address).await.ask(request).await.unwrap();
        program.signal("TERM");
        program.process.wait_exit(SOON).await.unwrap();
        let log = program.process.log();
        let is_of_library = |line: &&str| {
            line.contains(r#""target":"h2"#)
                || (line.contains(r#""level":"TRACE""#) && !line.contains(r#""target":"service"#))
        };
        assert_eq!(log.lines().any(|line| is_of_library(&line)), expected, "{filter}: {log}");
    }
}

#[tokio::test]
async fn an_expired_certificate_is_logged() {
    let ours = authority();
    let secret = Secret::new(&ours, &ours);
    secret.expire(&ours);
    let program = Process::builder(env!("CARGO_BIN_EXE_service-test-program"))
        .args(["--listen", "127.0.0.1:0", "--tls"])
        .args([secret.path("tls.crt"), secret.path("tls.key")])
        .spawn()
        .unwrap();
    let logs = async |words: &[&str]| {
        let has_all = |line: &str| words.iter().all(|word| line.contains(word));
        harness::eventually(SOON, words[0], async || {
            let log = program.log();
            if log.lines().any(has_all) { Ok(()) } else { Err(log) }
        })
        .await;
    };
    let valid = "valid only from Jan  1 00:00:00 2000 +00:00 to Jan  1 00:00:00 2001 +00:00";
    logs(&["tls.crt holds a certificate", valid, "callers will refuse it", r#""level":"WARN""#]).await;
    secret.renew(&ours);
    logs(&["read again after a change"]).await;
    secret.expire(&ours);
    logs(&["the previous contents stay", "tls.crt holds a certificate", valid]).await;
}

/// How a process ends that is started with these variables and arguments.
async fn end(variables: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String) {
    let mut program =
        Process::builder(env!("CARGO_BIN_EXE_service-test-program")).args(arguments.iter().copied());
    for (name, value) in variables {
        program = program.env(name, value);
    }
    let mut process = program.spawn().unwrap();
    let status = process.wait_exit(Duration::from_secs(30)).await.unwrap();
    (status.code(), process.log())
}

#[tokio::test]
async fn wrong_settings_end_the_process_and_name_the_variable() {
    for (variables, arguments, words) in [
        (vec![], vec![], "environment variable HELLO_LISTEN"),
        (vec![("HELLO_LISTEN", "nowhere")], vec![], "environment variable HELLO_LISTEN"),
        (vec![("HELLO_LISTEN", ":0"), ("HELLO_DRAIN", "soon")], vec![], "environment variable HELLO_DRAIN"),
        (vec![("HELLO_LISTEN", ":0")], vec!["--drain", "soon"], "--drain <DRAIN>"),
        (
            vec![("HELLO_LISTEN", ":0"), ("LOG_LEVEL", "bridge=loud")],
            vec![],
            "environment variable LOG_LEVEL",
        ),
        (vec![("HELLO_LISTEN", ":0"), ("LOG_FORMAT", "xml")], vec![], "environment variable LOG_FORMAT"),
    ] {
        let (code, log) = end(&variables, &arguments).await;
        assert_eq!(code, Some(2), "{variables:?}: {log}");
        assert!(log.contains(words), "{variables:?}: {log}");
    }
}
