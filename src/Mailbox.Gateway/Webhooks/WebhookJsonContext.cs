using System.Text.Json.Serialization;

namespace Mailbox.Gateway;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoredWebhook))]
[JsonSerializable(typeof(RefusedCall))]
sealed partial class WebhookJsonContext : JsonSerializerContext;
