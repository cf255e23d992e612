# docker build -f deploy/gateway.Dockerfile -t mailbox-gateway .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
RUN dotnet publish gateway -c Release -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
COPY --from=build /app /app
ENV ASPNETCORE_URLS=http://127.0.0.1:8080
USER $APP_UID
HEALTHCHECK CMD curl -sf http://127.0.0.1:8080/healthz
ENTRYPOINT ["dotnet", "/app/Mailbox.GatewayHost.dll"]
