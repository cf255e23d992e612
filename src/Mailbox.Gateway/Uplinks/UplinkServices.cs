using Microsoft.Extensions.DependencyInjection;

namespace Mailbox.Gateway;

/// <summary>What clients tell backends, and what backends are told by calls.</summary>
static class UplinkServices
{
    public static IServiceCollection AddUplinks(this IServiceCollection services) => services
        .AddSingleton<Outbound>()
        .AddSingleton<LetterTaker>()
        .AddSingleton<UplinkBackend>()
        .AddSingleton<MultiplexedAnswers>()
        .AddSingleton<UplinkAnswers>()
        .AddSingleton<UplinkMetrics>()
        .AddSingleton<UplinksUnderWay>()
        .AddSingleton<UplinkRoute>()
        .AddHostedService<UplinkForwarder>()
        .AddSingleton<WebhookStore>()
        .AddSingleton<WebhookMetrics>()
        .AddSingleton<WebhookRoutes>()
        .AddSingleton<Webhooks>()
        .AddHostedService(static services => services.GetRequiredService<Webhooks>());
}
