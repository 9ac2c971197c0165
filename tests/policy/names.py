"""Who stands in the policies of the tests, and parts of statements that they share."""

LIGHTSAIL = "947856326339"
PULLER = f"arn:aws:iam::{LIGHTSAIL}:role/amazon/lightsail/eu-west-1/containers/shop/private-repo-access/k3v9"
OLD_PULLER = f"arn:aws:iam::{LIGHTSAIL}:role/amazon/lightsail/eu-west-1/containers/shop/private-repo-access/a1b2"
GENERAL = f"arn:aws:iam::{LIGHTSAIL}:role/amazon/lightsail/eu-west-1/containers/shop/q2w3e4r5t6y7"
OTHER_PULLER = f"arn:aws:iam::{LIGHTSAIL}:role/amazon/lightsail/eu-west-1/containers/blog/private-repo-access/z9y8"
LIGHTSAIL_ROOT = f"arn:aws:iam::{LIGHTSAIL}:root"
MIKA = "arn:aws:iam::220022002200:user/mika"
DEAD = "AROAQWERTYUIOPASDFGHJ"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
IN_ORGANISATION = {"StringEquals": {"aws:PrincipalOrgID": "o-qwerty1234"}}
FROM_OFFICE = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
