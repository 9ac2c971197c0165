"""The sentences of problems with deployments. Must never decide anything."""

from __future__ import annotations

from app.wording import N_, Words

DEPLOYMENT_WORDS: dict[str, Words] = {
    "deployment.failed": Words(
        N_("Version %(version)s of %(service)s failed. The version that ran before still runs."),
        N_("Fix the cause, then choose Retry."),
    ),
    "deployment.first_failed": Words(
        N_("Version %(version)s of %(service)s failed. No other version runs."),
        N_("Fix the cause, then choose Retry."),
    ),
    "deployment.would_fail": Words(
        N_("%(service)s can't run this image, so nothing was deployed."),
        N_("Fix the cause, or choose to grant access first. Then deploy again."),
    ),
    "deployment.superseded": Words(
        N_("Another deployment of %(service)s replaced version %(version)s."),
        N_("Look at the Deployments tab. Deploy again if this version should run."),
    ),
    "rollback.overtaken": Words(
        N_("Version %(other)s of %(service)s was deployed outside this operation since, so nothing was rolled back."),
        N_("Look at the Deployments tab, and deploy the version again that should run."),
    ),
    "deployment.never_ended": Words(
        N_("The deployment to %(service)s didn't end within %(minutes)s minutes. Sailpass stopped watching it."),
        N_("Look at the Deployments tab: AWS may still finish it."),
    ),
    "deployment.unconfirmed": Words(
        N_("AWS didn't confirm the deployment to %(service)s within %(minutes)s minutes, and no version shows it."),
        N_("Look at the Deployments tab: AWS may still carry it out. If there is no new version, choose Retry."),
    ),
    "deployment.changed_meanwhile": Words(
        N_("The deployment of %(service)s, or the image, has changed since the preview. Nothing was deployed."),
        N_("Preview it again, then decide."),
    ),
    "deployment.refused": Words(
        N_("AWS refused the deployment to %(service)s."),
        N_("Read AWS's message below, correct the deployment, then try again."),
    ),
    "deployment.service_disabled": Words(
        N_("%(service)s is disabled, so nothing can be deployed to it."),
        N_("Enable the service in the Lightsail console, then deploy again."),
    ),
    "deployment.grant_stopped": Words(
        N_("Giving %(service)s access to %(repository)s was stopped, so nothing was deployed."),
        N_("Look at operation %(operation)s, then choose Retry."),
    ),
    "deployment.no_version": Words(
        N_("%(service)s has no version %(version)s. AWS keeps the last 50."),
        N_("Choose a version on the Deployments tab."),
    ),
    "deployment.none": Words(
        N_("Nothing is deployed to %(service)s, so there is no log."),
        N_("Deploy an image on the Deployments tab."),
    ),
    "deployment.no_container": Words(
        N_("Version %(version)s has no container %(container)s. Containers: %(containers)s."),
        N_("Choose one of them."),
    ),
    "deployment.choose_container": Words(
        N_("More than one container could run this image: %(containers)s."),
        N_("Choose the container, then deploy again."),
    ),
    "deployment.container_needs_port": Words(
        N_("There is no container %(container)s with a port. Containers: %(containers)s."),
        N_("Choose one of them, or enter a port to add a new container."),
    ),
    "deployment.too_many_containers": Words(
        N_("A deployment can have at most %(limit)s containers."),
        N_("Choose a container that is there, or remove one in the Lightsail console."),
    ),
    "deployment.preview_differs": Words(
        N_("The preview shows another deployment than the form. Nothing was deployed."),
        N_("Look at the new preview, then choose Deploy."),
    ),
    "deployment.image_or_version": Words(
        N_("A deployment needs an image, or the number of a version to deploy again: one of the two."),
        N_("Name one of them, then try again."),
    ),
    "deployment.bad_tag": Words(
        N_("“%(tag)s” can't be an image tag."),
        N_("Use letters, digits, and . _ - (at most 300 characters)."),
    ),
    "deployment.bad_digest": Words(
        N_("“%(digest)s” is not an image digest."),
        N_("A digest is sha256: followed by 64 hexadecimal digits."),
    ),
    "deployment.bad_container": Words(
        N_("“%(container)s” can't be the name of a container."),
        N_("Use 1 to 53 lowercase letters, digits, and hyphens between them."),
    ),
    "deployment.bad_port": Words(
        N_("This is not a port."),
        N_("Use a number from 1 to 65535."),
    ),
    "deployment.bad_version": Words(
        N_("This is not the number of a version."),
        N_("Choose a version on the Deployments tab."),
    ),
    "deployment.bad_protocol": Words(
        N_("“%(protocol)s” is not a protocol of a container's port."),
        N_("Use HTTP, HTTPS, TCP, or UDP."),
    ),
    "deployment.not_public": Words(
        N_("A port with protocol %(protocol)s can't be a public endpoint."),
        N_("Use HTTP or HTTPS, or leave the public endpoint as it is."),
    ),
    "deployment.version_alone": Words(
        N_("A version is deployed again as it was: with no other image, container, port, path, digest or grant."),
        N_("Leave these out, or name an image instead of the version."),
    ),
    "deployment.path_not_public": Words(
        N_("The health check path belongs to the public endpoint, and %(container)s isn't it."),
        N_("Make %(container)s the public endpoint, or leave the path out."),
    ),
    "deployment.bad_path": Words(
        N_("“%(path)s” is not a path for a health check."),
        N_("Start it with /, for example /healthz."),
    ),
    "image.missing": Words(
        N_("There is no image %(image)s."),
        N_("Push it, or choose another image of %(repository)s."),
    ),
    "image.archived": Words(
        N_("%(image)s is archived, so it can't be pulled."),
        N_("Restore it in the ECR console, or choose another image of %(repository)s."),
    ),
    "image.not_runnable": Words(
        N_("%(image)s is a signature, an SBOM, or another artifact. No container can run it."),
        N_("Choose another image of %(repository)s."),
    ),
}
