using System.Text.Json.Serialization;

namespace Mailbox.Gateway;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoredWebhook))]
sealed partial class WebhookJsonContext : JsonSerializerContext;
