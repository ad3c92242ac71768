#pragma once

#include <snapscale/console.hpp>
