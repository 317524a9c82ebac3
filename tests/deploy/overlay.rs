//! What Kustomize renders, as typed objects.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::{Metadata, Resource};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Which overlay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Dev,
    Production,
}

/// Both.
pub(crate) const OVERLAYS: [Name; 2] = [Name::Dev, Name::Production];

/// The objects of an overlay.
pub(crate) struct Overlay {
    pub(crate) name: Name,
    objects: Vec<Value>,
}

/// The folder of the repository.
pub(crate) fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap()
}

impl Overlay {
    /// Renders it.
    pub(crate) fn render(name: Name) -> Self {
        let root = repository();
        let got = Command::new(root.join("deploy/scripts/get-deploy-tools.sh"))
            .arg("kustomize")
            .status();
        assert!(got.unwrap().success(), "there is no kustomize");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let programs = std::iter::once(root.join(".tools/bin")).chain(std::env::split_paths(&path));
        let folder = match name {
            Name::Dev => "dev",
            Name::Production => "production",
        };
        let output = Command::new("kustomize")
            .arg("build")
            .arg(root.join("deploy/kubernetes/overlays").join(folder))
            .env("PATH", std::env::join_paths(programs).unwrap())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let text = String::from_utf8(output.stdout).unwrap();
        let mut objects: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        for object in &mut objects {
            join_lines_of_secret(object);
        }
        Self { name, objects }
    }

    /// All objects of a type.
    pub(crate) fn all<T: Resource + DeserializeOwned>(&self) -> Vec<T> {
        let objects = self.of(T::API_VERSION, T::KIND);
        objects
            .map(|object| serde_json::from_value(object.clone()).unwrap())
            .collect()
    }

    /// The object of a type and a name.
    pub(crate) fn one<T>(&self, name: &str) -> T
    where
        T: Resource
            + Metadata<Ty = k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta>
            + DeserializeOwned,
    {
        let mut all = self.all::<T>();
        all.retain(|object| object.metadata().name.as_deref() == Some(name));
        assert_eq!(all.len(), 1, "{:?}: {} {name}", self.name, T::KIND);
        all.remove(0)
    }

    /// The objects of a kind, custom resources too.
    pub(crate) fn of(&self, version: &str, kind: &str) -> impl Iterator<Item = &Value> {
        let objects = self.objects.iter();
        objects.filter(move |object| object["apiVersion"] == version && object["kind"] == kind)
    }

    /// The API groups of its objects.
    pub(crate) fn api_versions(&self) -> Vec<&str> {
        let objects = self.objects.iter();
        objects
            .map(|object| object["apiVersion"].as_str().unwrap())
            .collect()
    }

    /// The Deployment of a service.
    pub(crate) fn deployment(&self, service: &str) -> Deployment {
        self.one(service)
    }

    /// What a ConfigMap holds.
    pub(crate) fn config_map(&self, name: &str) -> BTreeMap<String, String> {
        self.one::<ConfigMap>(name).data.unwrap()
    }

    /// What a Secret holds. Those of production are its operator's: something of their form.
    pub(crate) fn secret(&self, name: &str) -> BTreeMap<String, String> {
        if self.name == Name::Production {
            let pairs: &[(&str, &str)] = match name {
                "nats-users" => &[
                    ("world", "p1"),
                    ("gateway", "p2"),
                    ("worker", "p3"),
                    ("persistence", "p4"),
                ],
                "postgres" => &[("url", "postgres://user:password@host:5432/name")],
                "gateway" => &[("manyworlds.toml", "api_keys = ['mw-1']")],
                _ => panic!("docs/kubernetes.md knows no secret {name}"),
            };
            let owned = pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            return owned.collect();
        }
        let data = self.one::<Secret>(name).data.unwrap();
        data.into_iter()
            .map(|(key, value)| (key, String::from_utf8(value.0).unwrap()))
            .collect()
    }
}

/// Kustomize writes long values of secrets in several lines, which a cluster joins.
fn join_lines_of_secret(object: &mut Value) {
    if object["kind"] != "Secret" {
        return;
    }
    for value in object["data"].as_object_mut().into_iter().flatten() {
        let joined = value.1.as_str().unwrap().replace('\n', "");
        *value.1 = Value::String(joined);
    }
}
