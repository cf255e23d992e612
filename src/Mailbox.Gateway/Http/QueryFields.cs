using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>Reads query parameters; the first that is not valid becomes <see cref="Problem"/>.</summary>
sealed class QueryFields(IQueryCollection query)
{
    public Problem? Problem { get; private set; }

    // A query that is asked for stays with the request, and a held request is to stay small.
    public static QueryFields Of(HttpRequest request) => new(request.QueryString.HasValue ? request.Query : QueryCollection.Empty);

    public void Refuse(Problem problem) => Problem ??= problem;

    public string? Text(string name)
    {
        var values = query[name];
        if (values.Count > 1) Refuse(name, "must be given once");
        if (values is not [{ Length: > 0 } text, ..])
        {
            if (values.Count > 0) Refuse(name, "must not be empty; leave it out");
            return null;
        }
        return text;
    }

    public string? Text(string name, Func<string, bool> isValid, string allowed)
    {
        if (Text(name) is not { } text || isValid(text)) return Text(name);
        Refuse(name, "must be " + allowed);
        return null;
    }

    public int Integer(string name, int absent, int least, int most)
    {
        if (Text(name) is not { } text) return absent;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most) return value;
        Refuse(name, most == int.MaxValue ? $"must be a whole number from {least}" : $"must be a whole number from {least} to {most}");
        return least;
    }

    public TimeSpan? Seconds(string name, int least, TimeSpan most) =>
        Text(name) is null ? null : TimeSpan.FromSeconds(Integer(name, least, least, (int)most.TotalSeconds));

    public T Choice<T>(string name, T absent, params ReadOnlySpan<(string Word, T Value)> choices)
    {
        if (Text(name) is not { } text) return absent;
        foreach (var (word, value) in choices)
            if (word == text) return value;
        Refuse(name, $"is none of its words (the first is '{choices[0].Word}')");
        return absent;
    }

    void Refuse(string name, string fault) => Refuse(new Problem(ProblemKinds.BadParameter, $"{name}: {fault}."));
}
