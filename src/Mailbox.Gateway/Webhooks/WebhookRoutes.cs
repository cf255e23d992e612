using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>The routes under <c>/webhooks</c> (spec section 6). Answers never contain secrets.</summary>
sealed class WebhookRoutes(WebhookStore store, Webhooks webhooks, TimeProvider time)
{
    const int MaxJsonBytes = 64 << 10;
    const int MostAttempts = 20;

    static Problem Unknown { get; } = new(ProblemKinds.NotFound, "There is no such webhook.");

    static Problem TooMany { get; } = new(ProblemKinds.TooManyWebhooks, $"There are {WebhookStore.MaxWebhooks} webhooks, as many as are allowed.");

    public Task Handle(HttpContext http, RequestPath path)
    {
        if (path.Count == 1) return http.Request.Method == "GET" ? List(http) : http.NotAllowed("GET");
        if (path.Count > 2) return Problem.NoSuchRoute.WriteAsync(http);
        var name = path.Decode(1);
        if (!Webhook.IsName(name)) return new Problem(ProblemKinds.BadName, "webhook: a name is 1 to 64 characters of A-Z a-z 0-9 . _ ~ : @ -, but not '.' or '..'.").WriteAsync(http);
        return http.Request.Method switch
        {
            "GET" => Get(http, name),
            "PUT" => Put(http, name),
            "DELETE" => Remove(http, name),
            _ => http.NotAllowed("GET, PUT, DELETE"),
        };
    }

    async Task List(HttpContext http)
    {
        var all = await store.ListAsync(ClientLeft.AnsweringAtOnce(http)).ConfigureAwait(false);
        await JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, all.Values, static (json, all) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("webhooks"u8);
            foreach (var webhook in all) WebhookJson.Write(json, webhook, null);
            json.WriteEndArray();
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    async Task Get(HttpContext http, string name)
    {
        var webhook = (await store.ListAsync(ClientLeft.AnsweringAtOnce(http)).ConfigureAwait(false)).GetValueOrDefault(name);
        await (webhook is null ? Unknown.WriteAsync(http) : Answer(http, StatusCodes.Status200OK, webhook)).ConfigureAwait(false);
    }

    async Task Put(HttpContext http, string name)
    {
        using var body = await JsonRequest.ReadAsync(http.Request, MaxJsonBytes).ConfigureAwait(false);
        Webhook? known = null, webhook = null;
        var problem = body.Problem;
        if (problem is null)
        {
            var json = body.Root;
            var outcome = await ChangeAsync(async () =>
            {
                var all = await store.ListAsync().ConfigureAwait(false);
                known = all.GetValueOrDefault(name);
                (webhook, problem) = WebhookJson.Read(json, name, known, time.GetUtcNow());
                if (known is null && all.Count >= WebhookStore.MaxWebhooks) problem ??= TooMany;
                return problem is null ? await store.PutAsync(webhook!, known).ConfigureAwait(false) : Outcome.NotFound;
            }).ConfigureAwait(false);
            problem ??= Problem.Of(outcome);
        }
        if (problem is not null)
        {
            await problem.WriteAsync(http).ConfigureAwait(false);
            return;
        }
        webhooks.Wake();
        await Answer(http, known is null ? StatusCodes.Status201Created : StatusCodes.Status200OK, webhook!).ConfigureAwait(false);
    }

    async Task Remove(HttpContext http, string name)
    {
        var outcome = await ChangeAsync(() => store.RemoveAsync(name)).ConfigureAwait(false);
        webhooks.Wake();
        await (outcome == Outcome.NotFound ? Unknown.WriteAsync(http) : http.Answer(outcome)).ConfigureAwait(false);
    }

    /// <summary>Repeats a change that another one came before. It ends, because each time the other was made.</summary>
    static async ValueTask<Outcome> ChangeAsync(Func<ValueTask<Outcome>> change)
    {
        for (var attempt = 0; attempt < MostAttempts; attempt++)
            if (await change().ConfigureAwait(false) is var outcome and not Outcome.KeyReused) return outcome;
        return Outcome.Overloaded;
    }

    async Task Answer(HttpContext http, int status, Webhook webhook)
    {
        var state = await store.StateAsync(webhook, ClientLeft.AnsweringAtOnce(http)).ConfigureAwait(false);
        await JsonAnswer.WriteAsync(http, status, (webhook, state), static (json, one) => WebhookJson.Write(json, one.webhook, one.state)).ConfigureAwait(false);
    }
}
