// PLACEHOLDER until the library exists: a program that runs a nursery.
#include <cstdio>

int main() { std::puts("consumer: ok"); }
