using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Mailbox.Gateway;

/// <summary>Chooses the transport by <c>Accept</c> (RFC 9110 section 12.5.1).</summary>
static class AcceptHeader
{
    // In the order of our preference where the client has none.
    static readonly (MediaTypeHeaderValue Type, Accepted Accepted)[] s_offers =
    [
        (new("application/json"), Accepted.Json),
        (new("text/event-stream"), Accepted.EventStream),
        (new("application/x-ndjson"), Accepted.JsonLines),
        (new("multipart/mixed"), Accepted.MultipartMixed),
        (new("multipart/x-mixed-replace"), Accepted.MultipartReplace),
    ];

    public static Accepted Choose(StringValues accept)
    {
        if (accept.Count == 0) return Accepted.Json;
        return accept.Count > 1 ? ChooseFrom(accept) : accept[0] switch
        {
            "" or "*/*" or "application/json" => Accepted.Json,
            "text/event-stream" => Accepted.EventStream,
            "application/x-ndjson" => Accepted.JsonLines,
            _ => ChooseFrom(accept),
        };
    }

    static Accepted ChooseFrom(StringValues accept)
    {
        if (!MediaTypeHeaderValue.TryParseList(accept, out var ranges)) return Accepted.None;
        var best = (Rank: default(Rank), Accepted: Accepted.None);
        foreach (var (type, accepted) in s_offers)
            if (RankOf(type, ranges) is { } rank && (best.Accepted == Accepted.None || rank.CompareTo(best.Rank) > 0)) best = (rank, accepted);
        return best.Accepted;
    }

    // The most specific range that covers an offer decides its quality; quality 0 excludes it.
    static Rank? RankOf(MediaTypeHeaderValue offer, IList<MediaTypeHeaderValue> ranges)
    {
        Rank? found = null;
        for (var i = 0; i < ranges.Count; i++)
            if (offer.IsSubsetOf(WithoutParameters(ranges[i])) && (found is null || Precision(ranges[i]) > found.Value.Precision))
                found = new(ranges[i].Quality ?? 1, Precision(ranges[i]), -i);
        return found is { Quality: > 0 } ? found : null;
    }

    // Parameters, such as charset=utf-8, do not change which transport is meant.
    static MediaTypeHeaderValue WithoutParameters(MediaTypeHeaderValue range) => new(range.MediaType);

    static int Precision(MediaTypeHeaderValue range) => range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2;

    readonly record struct Rank(double Quality, int Precision, int Listed) : IComparable<Rank>
    {
        public int CompareTo(Rank other)
        {
            var quality = Quality.CompareTo(other.Quality);
            if (quality != 0) return quality;
            var precision = Precision.CompareTo(other.Precision);
            // A wildcard does not rank the types that it covers: among them our own order counts.
            return precision != 0 || Precision < 2 ? precision : Listed.CompareTo(other.Listed);
        }
    }
}

/// <summary>The form in which a reader asks for its messages.</summary>
enum Accepted : byte
{
    None,
    Json,
    EventStream,
    JsonLines,
    MultipartMixed,
    MultipartReplace,
    WebSocket,
}
