//! A browser in the hands of a test, over WebDriver. Where there is none, the test says so and passes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

/// How long anything may take to show.
const PATIENCE: Duration = Duration::from_secs(40);
/// Between two looks at the page.
const LOOK: Duration = Duration::from_millis(60);

/// The driver of the browser that `.ci/run` found, while it runs.
pub(crate) struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Starts the driver of `MAILLAGE_CHROMEDRIVER`; none without that variable, after saying so.
    pub(crate) fn start() -> Option<Self> {
        let Some(program) = std::env::var_os("MAILLAGE_CHROMEDRIVER").filter(|program| !program.is_empty()) else {
            println!("SKIPPED: no browser; MAILLAGE_CHROMEDRIVER names the chromedriver to use (see .ci/run)");
            return None;
        };
        // A port that was free an instant ago.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let process = Command::new(program)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the driver starts");
        Some(Self { process, port })
    }

    /// Opens a window of that many CSS pixels. A narrow one is a phone's, in the light theme; a wide one is dark.
    pub(crate) async fn window(&self, width: u32, height: u32) -> Browser {
        let phone = width < 600;
        // A confined machine has no user namespaces and little shared memory.
        let mut chrome = json!({"args": ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-sandbox",
            "--lang=fr", "--hide-scrollbars", format!("--window-size={width},{height}")]});
        if let Some(binary) = std::env::var("MAILLAGE_CHROMIUM")
            .ok()
            .filter(|binary| !binary.is_empty())
        {
            chrome["binary"] = json!(binary);
        }
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone});
        let asked = json!({"goog:chromeOptions": chrome, "goog:loggingPrefs": {"browser": "ALL"}});
        let capabilities = asked.as_object().unwrap().clone();
        let address = format!("http://127.0.0.1:{}", self.port);
        let start = Instant::now();
        let client = loop {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            match builder.capabilities(capabilities.clone()).connect(&address).await {
                Ok(client) => break client,
                Err(error) => assert!(start.elapsed() < PATIENCE, "no window: {error}"),
            }
            tokio::time::sleep(LOOK).await;
        };
        let browser = Browser { client, narrow: phone };
        browser.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let theme = if phone { "light" } else { "dark" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
        browser.devtools("Emulation.setEmulatedMedia", media).await;
        browser
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Asked to end, it closes the windows of a test that failed; killed only, it would leave them behind.
        if let Ok(mut line) = TcpStream::connect(("127.0.0.1", self.port)) {
            let asked = format!(
                "GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
                self.port
            );
            let _ = line.set_read_timeout(Some(PATIENCE));
            let _ = line.write_all(asked.as_bytes());
            let _ = line.read_to_end(&mut Vec::new());
        }
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A request that Chromium's driver knows beyond the standard.
#[derive(Debug)]
struct Beyond(&'static str, Value);

impl WebDriverCompatibleCommand for Beyond {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.0))
    }

    fn method_and_body(&self, _: &url::Url) -> (reqwest::Method, Option<String>) {
        (reqwest::Method::POST, Some(self.1.to_string()))
    }
}

/// One window, and the hands in front of it.
pub(crate) struct Browser {
    client: Client,
    /// Whether the sides of the page are drawers.
    pub(crate) narrow: bool,
}

impl Browser {
    async fn devtools(&self, command: &str, params: Value) {
        let asked = Beyond("goog/cdp/execute", json!({"cmd": command, "params": params}));
        self.client.issue_cmd(asked).await.unwrap();
    }

    pub(crate) async fn open(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    pub(crate) async fn address(&self) -> String {
        self.client.current_url().await.unwrap().to_string()
    }

    /// What a script gives; for looking, never for acting.
    pub(crate) async fn look(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// What the page told its console as a fault.
    pub(crate) async fn faults(&self) -> Vec<String> {
        let log = self
            .client
            .issue_cmd(Beyond("se/log", json!({"type": "browser"})))
            .await
            .unwrap();
        let entries = log.as_array().cloned().unwrap_or_default();
        let bad = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        bad.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    pub(crate) async fn close(self) {
        self.client.close().await.unwrap();
    }

    /// Keeps what is seen now as a picture of the README, when asked to.
    pub(crate) async fn picture(&self, name: &str) {
        if std::env::var_os("MAJ_IMAGES").is_none_or(|asked| asked.is_empty()) {
            return;
        }
        // What fades or slides has come to rest, and no caret blinks.
        tokio::time::sleep(Duration::from_millis(400)).await;
        let width = if self.narrow { "-400" } else { "" };
        let path = format!("{}/tests/images/page-{name}{width}.png", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(path, self.client.screenshot().await.unwrap()).unwrap();
    }

    /// The first element that shows and is as wanted; the page may change under our eyes, so that each look is anew.
    async fn find(&self, css: &str, text: &str) -> Option<Element> {
        for element in self.client.find_all(Locator::Css(css)).await.ok()? {
            let shows = element.is_displayed().await.unwrap_or(false);
            let words = plain(&element.text().await.unwrap_or_default());
            if shows && words.contains(text) {
                return Some(element);
            }
        }
        None
    }

    /// Does `act` with an element until it succeeds.
    async fn on<F>(&self, what: &str, css: &str, text: &str, act: impl Fn(Element) -> F)
    where
        F: Future<Output = Result<(), CmdError>>,
    {
        let start = Instant::now();
        let mut last = String::from("it does not show");
        while start.elapsed() < PATIENCE {
            if let Some(element) = self.find(css, text).await {
                match act(element).await {
                    Ok(()) => return,
                    Err(error) => last = error.to_string(),
                }
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("{what} {css} «{text}»: {last}\n{}", self.words("body").await);
    }

    /// Clicks on the first `css` in which `text` stands.
    pub(crate) async fn click(&self, css: &str, text: &str) {
        self.on("click", css, text, |element| async move { element.click().await })
            .await;
    }

    /// Types into a field, after what stands in it.
    pub(crate) async fn write(&self, css: &str, text: &str) {
        self.on("write", css, "", |element| async move { element.send_keys(text).await })
            .await;
    }

    /// Presses a key in a field.
    pub(crate) async fn key(&self, css: &str, key: Key) {
        let text = String::from(char::from(key));
        self.write(css, &text).await;
    }

    /// Waits until the first `css` in which `text` stands shows.
    pub(crate) async fn wait(&self, css: &str, text: &str) {
        self.on("see", css, text, |_| async { Ok(()) }).await;
    }

    /// Waits until a script says true.
    pub(crate) async fn until(&self, what: &str, script: &str) {
        let start = Instant::now();
        while self.look(script).await != json!(true) {
            assert!(start.elapsed() < PATIENCE, "{what}\n{}", self.words("body").await);
            tokio::time::sleep(LOOK).await;
        }
    }

    /// All words that show in the first `css`, spaces made plain.
    pub(crate) async fn words(&self, css: &str) -> String {
        match self.client.find(Locator::Css(css)).await {
            Ok(element) => plain(&element.text().await.unwrap_or_default()),
            Err(_) => String::new(),
        }
    }

    /// What stands in a field.
    pub(crate) async fn value(&self, css: &str) -> String {
        let element = self.client.find(Locator::Css(css)).await.unwrap();
        element.prop("value").await.unwrap().unwrap_or_default()
    }

    /// Types a command and fills in options: name, what is typed, what is chosen among the suggestions (nothing: as
    /// typed).
    pub(crate) async fn command(&self, line: &str, options: &[(&str, &str, Option<&str>)]) {
        self.write("#text", &format!("/{line}")).await;
        self.click(".suggestions [role=option] .label", &format!("/{line}"))
            .await;
        for (name, typed, chosen) in options {
            let field = format!("#option-{name}");
            if self.look(&format!("return !document.querySelector('{field}')")).await == json!(true) {
                self.click(".more .chip", name).await;
            }
            self.write(&field, typed).await;
            if let Some(chosen) = chosen {
                self.click(".option .suggestions:not([hidden]) [role=option]", chosen)
                    .await;
            }
        }
        self.click(".command button[type=submit]", "").await;
    }
}

fn plain(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ")
}
