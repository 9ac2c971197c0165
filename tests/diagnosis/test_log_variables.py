"""How programs of many kinds say that a variable isn't set."""

from __future__ import annotations

import pytest

from app.diagnosis.log_evidence import Reason
from tests.diagnosis.test_log_evidence import seen

CASES = [
    (
        Reason.MISSING_VARIABLE,
        [
            "ERROR: this image does not start without an administrator.",
            '       Create one, e.g. with "-e SHOP_USER=admin -e SHOP_PASSWORD=secret".',
        ]
        * 3,
    ),
    (Reason.MISSING_VARIABLE, ["** (RuntimeError) SHOP_KEY_BASE configuration option is required. See the manual"] * 3),
    (Reason.MISSING_VARIABLE, ["FATAL the SHOP_MODE setting must be given"] * 3),
    (
        Reason.EXITED,
        ["/app/solve: /usr/lib/libgfortran.so.5: version `GFORTRAN_10' not found (required by /app/solve)"] * 3,
    ),
    (Reason.MISSING_VARIABLE, ["You need to define the ADMIN_EMAIL and ADMIN_PASSWORD environment variables."] * 3),
    (Reason.EXITED, ["the SHOP_MODE setting is set to debug", "FATAL failed to open /data: permission denied"] * 3),
    (Reason.EXITED, ["ERROR the SHOP_MODE setting is on: failed to open /data: permission denied"] * 3),
    (Reason.MISSING_VARIABLE, ['[09:12:31.312] ERROR: "KEY" Environment Variable is missing.'] * 3),
    (
        Reason.MISSING_VARIABLE,
        [
            "Unhandled exception. System.InvalidOperationException: Environment variable 'ConnectionStrings__Default' is not set.",
            "   at Program.<Main>$(String[] args) in /src/Program.cs:line 9",
        ]
        * 3,
    ),
    (Reason.MISSING_VARIABLE, ["FATAL the environment variable database__connection__host is missing"] * 3),
    (
        Reason.MISSING_VARIABLE,
        ['{"level":"fatal","ts":1.7,"msg":"missing required environment variable","key":"SMTP_HOST"}'] * 3,
    ),
    (Reason.MISSING_VARIABLE, ['level=fatal env=SMTP_HOST msg="required environment variable is not set"'] * 3),
    (Reason.EXITED, ['{"level":"fatal","env":"PRODUCTION","msg":"missing required config key: smtp.host"}'] * 3),
    (Reason.MISSING_VARIABLE, ["Erro: variável de ambiente JWT_SECRET não definida"] * 3),
    (
        Reason.MISSING_VARIABLE,
        ["2026/11/27 03:12:07 main.go:19: Database: URL: missing required value: DATABASE_URL"] * 3,
    ),
    (
        Reason.MISSING_VARIABLE,
        [
            '{"level":"info","ts":"2026-11-27T03:12:07.001Z","caller":"cmd/root.go:41","msg":"using config file","file":""}',
            '{"level":"fatal","ts":"2026-11-27T03:12:07.002Z","caller":"cmd/serve.go:27","msg":"config: required setting SESSION_KEY is empty","stacktrace":"main.main\\n\\t/src/cmd/serve.go:27"}',
        ]
        * 3,
    ),
    (Reason.MISSING_VARIABLE, ["Error: missing value for field database_url"] * 3),
    (
        Reason.MISSING_VARIABLE,
        [
            "2026-11-27 03:12:07,412 ERROR [io.qua.run.Application] (main) Failed to start application: java.util.NoSuchElementException: SRCFG00011: Could not expand value DB_PASSWORD in property quarkus.datasource.password",
            "\tat io.smallrye.config.SmallRyeConfig.convertValue(SmallRyeConfig.java:271)",
        ]
        * 3,
    ),
    (
        Reason.MISSING_VARIABLE,
        [
            "03:12:07.412 [main] ERROR io.micronaut.runtime.Micronaut - Error starting Micronaut server: Bean definition [io.micronaut.configuration.jdbc.hikari.DatasourceFactory] could not be loaded: Could not resolve placeholder ${JDBC_URL}",
            "io.micronaut.context.exceptions.ConfigurationException: Could not resolve placeholder ${JDBC_URL}",
            "\tat io.micronaut.context.env.DefaultPropertyPlaceholderResolver$PlaceholderSegment.getValue(DefaultPropertyPlaceholderResolver.java:314)",
        ]
        * 3,
    ),
    (
        Reason.MISSING_VARIABLE,
        [
            'Exception in thread "main" com.typesafe.config.ConfigException$UnresolvedSubstitution: application.conf @ jar:file:/app/lib/shop.jar!/application.conf: 12: Could not resolve substitution to a value: ${KAFKA_BROKERS}',
            "\tat com.typesafe.config.impl.ConfigReference.resolveSubstitutions(ConfigReference.java:112)",
        ]
        * 3,
    ),
    (
        Reason.MISSING_VARIABLE,
        [
            "=> Booting Puma",
            "=> Rails 7.2.1 application starting in production",
            "bundler: failed to load command: puma (/usr/local/bundle/bin/puma)",
            "/usr/local/bundle/gems/railties-7.2.1/lib/rails/application.rb:659:in `validate_secret_key_base': Missing `secret_key_base` for 'production' environment, set this string with `bin/rails credentials:edit` (ArgumentError)",
            "\tfrom /usr/local/bundle/gems/railties-7.2.1/lib/rails/application.rb:488:in `secret_key_base'",
        ]
        * 3,
    ),
    (
        Reason.MISSING_VARIABLE,
        [
            "[2026-11-27T03:12:07] ERROR Falta la variable de entorno DATABASE_URL",
            "Error: Falta la variable de entorno DATABASE_URL",
            "    at Object.<anonymous> (/app/src/config.js:8:9)",
        ]
        * 3,
    ),
    (Reason.MISSING_VARIABLE, ["2026-11-27 03:12:07 ERROR 環境変数 LINE_CHANNEL_SECRET が設定されていません"] * 3),
    (Reason.MISSING_VARIABLE, ["[ERROR] 환경변수 DB_PASSWORD 가 설정되어 있지 않습니다"] * 3),
    (
        Reason.MISSING_VARIABLE,
        ["2026-11-27 03:12:07 FEHLER: Umgebungsvariable SMTP_HOST ist nicht gesetzt. Beende."] * 3,
    ),
    (Reason.MISSING_VARIABLE, ["ERRORE: la variabile d'ambiente API_TOKEN non è impostata"] * 3),
    (
        Reason.MISSING_VARIABLE,
        [
            "Traceback (most recent call last):",
            '  File "/app/app.py", line 6, in <module>',
            "    client = OpenAI()",
            "openai.OpenAIError: The api_key client option must be set either by passing api_key to the client or by setting the OPENAI_API_KEY environment variable",
        ]
        * 3,
    ),
    (
        Reason.MISSING_VARIABLE,
        [
            "  EnvValidationException: Validation failed for one or more environment variables",
            '  - Missing environment variable "APP_KEY"',
            '  - Missing environment variable "HOST"',
        ]
        * 3,
    ),
    (
        Reason.MISSING_VARIABLE,
        [
            "/app/node_modules/env-var/lib/variable.js:47",
            "      throw new EnvVarError(errMsg)",
            'EnvVarError: env-var: "S3_BUCKET" is a required variable, but it was not set',
            "    at raiseError (/app/node_modules/env-var/lib/variable.js:32:11)",
        ]
        * 3,
    ),
    (
        Reason.MISSING_VARIABLE,
        [
            "[EnvInvalidVariables] The following environment variables defined in `env.schema` are invalid:",
            "- PUBLIC_API_URL is missing",
            "    at validateEnv (file:///app/dist/server/chunks/env.mjs:41:11)",
        ]
        * 3,
    ),
    (
        Reason.MISSING_VARIABLE,
        ["panic: getenv: missing REDIS_ADDR", "goroutine 1 [running]:", "main.mustGetenv(...)", "\t/src/main.go:91"]
        * 3,
    ),
    (
        Reason.MISSING_VARIABLE,
        [
            "PHP Fatal error:  Uncaught Dotenv\\Exception\\ValidationException: One or more environment variables failed assertions: REDIS_HOST is missing, REDIS_HOST is empty. in /var/www/vendor/vlucas/phpdotenv/src/Validator.php:183",
            "Stack trace:",
            "#0 /var/www/vendor/vlucas/phpdotenv/src/Validator.php(77): Dotenv\\Validator->assert(Object(Closure), 'is missing')",
        ]
        * 3,
    ),
    (
        Reason.MISSING_VARIABLE,
        [
            "Exiting",
            "/gems/activesupport/lib/active_support/encrypted_file.rb:118:in `handle_missing_key': Missing encryption key to decrypt file with. Ask your team for your master key and write it to /rails/config/master.key or put it in the ENV['RAILS_MASTER_KEY']. (ActiveSupport::EncryptedFile::MissingKeyError)",
        ]
        * 3,
    ),
    (Reason.MISSING_VARIABLE, ["Error: process.env.PORT must be a number", "Error: missing process.env.TOKEN"] * 3),
    (Reason.MISSING_VARIABLE, ["RuntimeError: os.environ['API_KEY'] is not set"] * 3),
    (Reason.EXITED, ["  mongoose.connect(process.env.MONGO_URL)", "MongoParseError: Invalid scheme"] * 3),
    (
        Reason.EXITED,
        [
            "A Default SECRET_KEY was detected, please use superset_config.py to override it.",
            "Refusing to start due to insecure SECRET_KEY",
            "[7] [ERROR] Worker (pid:704) exited with code 1",
        ],
    ),
    (Reason.MISSING_VARIABLE, ["System.InvalidOperationException: JWT__SECRET is not configured"] * 3),
    (Reason.EXITED, ["LOG_LEVEL is set to debug", "Error: no such table"] * 3),
    (Reason.EXITED, ["CACHE_DIR is defined as /tmp", "Error: no such table"] * 3),
    (
        Reason.EXITED,
        [
            "pydantic.error_wrappers.ValidationError: 1 validation error for Settings",
            "cache_dsn",
            "  invalid or missing URL scheme (type=value_error.url.scheme)",
        ]
        * 3,
    ),
    (Reason.EXITED, ["error: missing TLS certificate for the broker"] * 3),
    (Reason.MISSING_VARIABLE, ["Error: missing PORT in environment"] * 3),
    (Reason.MISSING_VARIABLE, ["Error: missing PORT"] * 3),
    (Reason.MISSING_VARIABLE, ["Error: Missing required config: SESSION_SECRET"] * 3),
    (
        Reason.EXITED,
        [
            "Error: Could not locate a Flask application. Use the 'flask --app' option, 'FLASK_APP' environment variable, or a 'wsgi.py' or 'app.py' file in the current directory."
        ]
        * 3,
    ),
    (Reason.MISSING_VARIABLE, ["Error: set the DB_URL environment variable or --db-url"] * 3),
    (
        Reason.MISSING_VARIABLE,
        ['{"level":"fatal","msg":"config invalid","missing": ["DATABASE_URL","JWT_SECRET"]}'] * 3,
    ),
    (Reason.MISSING_VARIABLE, ["Error: env must have required property 'DATABASE_URL'"] * 3),
    (Reason.MISSING_VARIABLE, ["config: DB_HOST: cannot be blank; DB_NAME: cannot be blank."] * 3),
    (
        Reason.MISSING_VARIABLE,
        [
            '{"msg":"Invalid environment","issues":[{"expected":"string","received":"undefined","path":["DATABASE_URL"],"message":"Required"}]}'
        ]
        * 3,
    ),
    (
        Reason.MISSING_VARIABLE,
        ["ZodError: [", "  {", '    "received": "undefined",', '    "path": [', '      "DATABASE_URL"', "    ],"] * 3,
    ),
    (
        Reason.EXITED,
        ["ZodError: [", "  {", '    "received": "undefined",', '    "path": [', '      "title"', "    ],"] * 3,
    ),
    (Reason.MISSING_VARIABLE, ["shop-exe: DATABASE_URL: getEnv: does not exist (no environment variable)"] * 3),
]


@pytest.mark.parametrize("reason, lines", CASES, ids=lambda value: value[0][:60] if isinstance(value, list) else None)
def test_lines_show_a_reason(reason, lines):
    assert seen(*lines).reason is reason


def test_rails_reads_its_secret_from_the_variable_in_capitals():
    line = "application.rb:580: Missing `secret_key_base` for 'production' environment, set this string (ArgumentError)"
    assert seen(*[line] * 3).detail == "SECRET_KEY_BASE"
