#!/usr/bin/env bash
# Renders the overlays of deploy/kubernetes into target/kubernetes and validates what comes out: the schemas of the
# oldest and the newest Kubernetes that is supported, strictly, and checkov's checks (deploy/kubernetes/checkov.yaml
# lists those that are skipped, with reasons). Then the alert rules.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
rendered=$root/target/kubernetes
versions=(1.29 1.37)

"$here/get-deploy-tools.sh"
export PATH="$root/.tools/bin:$PATH" PYTHONPATH="$root/.tools/deploy-python"
mkdir -p "$rendered"
cd "$root"
for overlay in dev production; do
  kustomize build "deploy/kubernetes/overlays/$overlay" >"$rendered/$overlay.yaml"
  for version in "${versions[@]}"; do
    # Custom resources, of which it has no schema, are warnings; tests/deploy checks them.
    python3 -m kubernetes_validate --strict --no-warn --quiet -k "$version" "$rendered/$overlay.yaml"
  done
done
# Nothing is sent anywhere: the page with guidelines is not downloaded.
python3 -m checkov.main --config-file deploy/kubernetes/checkov.yaml --skip-download --compact --quiet \
  --file "$rendered/dev.yaml" "$rendered/production.yaml"
promtool check rules deploy/observability/alerts.yaml
# Its secret is in a container.
promtool check config --syntax-only deploy/observability/prometheus.yaml
